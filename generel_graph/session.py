"""The public session: an open graph with its space, and one method per action."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, Self, Unpack

from generel_etl.progress import Progress, silent
from generel_graph import ask
from generel_graph.ask.entity_linking import link_node
from generel_graph.ask.pinned_model import PinnedModel, active, pinned
from generel_graph.ask.recipes.run import prepare_recipe
from generel_graph.ask.score import read_pairs, score_frame
from generel_graph.ask.views.locus import WINDOW
from generel_graph.ask.views.map import read_space
from generel_graph.config import Config, load_config
from generel_graph.graph import Graph
from generel_graph.graph.open import open_graph
from generel_graph.spaces.model_spaces import ModelSpaces
from generel_graph.spaces.training_pairs import with_held_out

if TYPE_CHECKING:
    import networkx as nx
    import numpy as np
    import pandas as pd
    import polars as pl
    from numpy.typing import NDArray


class Session:
    """An open graph and its active model; use as a context manager.

    Methods are named after the commands of `generel-graph`, and their options after the options of the command line.
    Results have `frame()`, a pandas frame.
    """

    def __init__(self, config: Config, graph: Graph) -> None:
        self.config = config
        self.graph = graph
        self.space = ModelSpaces(config, graph)  # from the id of a model to its space

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the connections; a private server keeps running for the next command."""
        self.graph.close()

    def model_id(self) -> str:
        """The id of the active model; raises NotFoundError if there is none."""
        return active(self.graph).id

    def search(
        self,
        text: str | Sequence[str],
        k: int = 10,
        kind: str | Sequence[str] | None = None,
        **options: Unpack[ask.SearchOptions],
    ) -> ask.SearchResult:
        """The `k` clusters nearest to one or several texts, of the given kinds or of any kind.

        `options`: see `generel_graph.ask.SearchOptions`. Raises UsageError, NotFoundError, ModelError.

        Example: `session.search(["asthma", "obesity"], kind="SNP", minus="eczema", not_linked=True).frame()`.
        """
        before = self.config.train.published_before
        return ask.search(self.graph, self.space, ask.SearchQuery.read(text, k, kind, before, **options))

    def score(self, pairs: pd.DataFrame | Path | str, progress: Progress = silent) -> ask.ScoreResult:
        """The cosine and the expected effect of each pair of a frame, or of a tab-separated file.

        The columns `left` and `right` hold ids or any texts. Raises DataError, NotFoundError, ModelError.
        """
        if isinstance(pairs, (Path, str)):
            return ask.score(self.graph, self.space, read_pairs(Path(pairs)), progress)
        return score_frame(self.graph, self.space, pairs, progress)

    def explain(self, left: str, right: str, hops: int = 3, k: int = 5) -> ask.Explanation:
        """Why two things are near each other or not: cosine and percentile, evidence, paths of up to `hops` steps.

        `k`: rows per list. A free text, or an SNP not in the graph, has a cosine but no edges. `graph()` of the result
        is a networkx graph of all that it reports. Raises UsageError, NotFoundError, ModelError.
        """
        return ask.explain(self.graph, self.space, left, right, hops, k)

    def query(
        self,
        cypher: str,
        parameters: Mapping[str, Any] | None = None,
        embed: Mapping[str, str] | None = None,
        timeout: float | None = None,
    ) -> ask.QueryResult:
        """The answer of a read-only Cypher statement; `embed` gives parameters that are vectors of texts.

        The server stops the statement after `timeout` seconds (None: `neo4j.query_seconds`; 0: never).
        Raises UsageError, NotFoundError, GraphError.

        Example: `session.query("MATCH (m:Model {active: true})
        CALL db.index.vector.queryNodes(m.index, 5, $v) YIELD node RETURN node.id", embed={"v": "heart attack"})`.
        """
        seconds = self.config.neo4j.query_seconds if timeout is None else timeout
        return ask.query(self.graph, self.space, cypher, parameters, embed, seconds)

    def recipe(
        self,
        name: str,
        parameters: Mapping[str, Any] | None = None,
        *,
        embed: Mapping[str, str] | None = None,
        show: bool = False,
        **named: Any,
    ) -> ask.RecipeResult:
        """The answer of a recipe, a file of `cypher/recipes/`; `cypher` of the result is the statement to paste.

        Parameters are a mapping or keywords; `embed` gives vectors of texts. `show` prepares the statement and does not
        run it. Reports published on or after `train.published_before` do not count, unless the parameter of this name
        says otherwise. Raises UsageError, NotFoundError, GraphError.

        Example: `session.recipe("variants_at_locus", disease="asthma", snp="rs7216389").frame()`.
        """
        values = {**(parameters or {}), **named}
        if show:
            return prepare_recipe(self.graph, self.space, name, values)
        return ask.run_recipe(self.graph, self.space, name, values, embed, self.config.train.published_before)

    def subgraph(self, ids: str | Iterable[str], hops: int = 1, limit: int = 1_000) -> nx.MultiDiGraph[str]:
        """The neighbourhood of ids, or of the node that one text names, as a networkx graph; `limit` edges per hop.

        Raises NotFoundError for an id or text that names no node, UsageError for more than 3 hops.
        """
        if isinstance(ids, str):
            ids = [link_node(self.graph, ids, "subgraph")]
        return ask.subgraph(self.graph, ids, hops, limit)

    def encode(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """The vectors of texts by the encoder alone, [k, dimension of the encoder] of unit length, untrained."""
        return self.space(self.model_id()).encoder.encode(texts)

    def vectors(
        self, ids: Sequence[str], half: Literal["learnt", "text"] | None = None
    ) -> dict[str, NDArray[np.float32]]:
        """The stored vectors of nodes by id, [dimension]; nodes without a vector are left out.

        `half`: only the learnt half of each vector, or only the half from untrained text propagation.
        """
        vectors, learnt = self.space.vectors(ids)
        part = {None: slice(None), "learnt": slice(learnt), "text": slice(learnt, None)}[half]
        return {id_: vector[part] for id_, vector in vectors.items()}

    def map(self, seed: int = 0, progress: Progress = silent) -> ask.MapResult:
        """Every node that has a vector, laid out in two dimensions by the learnt half of the vectors.

        Layouts are cached in the state folder: equal vectors and seeds give equal positions.
        Raises NotFoundError, and ModelError without the extra `plot`.
        """
        from generel_graph.plots.layout import cached_layout

        def read(model: PinnedModel) -> tuple[str, pl.DataFrame, NDArray[np.float32]]:
            return model.id, *read_space(self.graph, model, self.space(model.id).learnt, progress)

        model_id, nodes, vectors = pinned(self.graph, read)
        return ask.MapResult(nodes, cached_layout(self.config.maps_folder, vectors, seed, progress), model_id)

    def locus(self, snp: str, disease: str, window: int = WINDOW) -> ask.LocusResult:
        """The SNPs within `window` base pairs of `snp` in its build, each with its strongest report of `disease`.

        Raises UsageError, NotFoundError.
        """
        return ask.locus(self.graph, self.space, snp, disease, window)

    def effects(self, progress: Progress = silent) -> ask.EffectsResult:
        """Pairs of an SNP and a trait with a reported odds ratio, their cosine, and whether training held them out.

        `held_out` is null if the model folder has no list of held-out pairs. Raises NotFoundError, ModelError.
        """
        result = ask.effects(self.graph, self.space, progress)
        return ask.EffectsResult(with_held_out(result.pairs, self.config.model_folder(result.model)), result.model)


def open(config: Config | Path | str | None = None, progress: Progress = silent) -> Session:
    """Open the graph of a configuration; a private server is started if necessary.

    `config` is a Config, the path of a `generel.toml` or of its folder, or None for the one in the working directory.
    Raises ConfigError, ServerError, GraphError.
    """
    if not isinstance(config, Config):
        config = load_config(None if config is None else Path(config))
    return Session(config, open_graph(config, progress))
