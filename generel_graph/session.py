"""The library's front door: one open graph with its space, and questions that give pandas and networkx."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self, Unpack

from generel_etl.progress import Progress, silent
from generel_graph import ask as asking
from generel_graph.ask.entity_linking import link_node
from generel_graph.ask.pinned_model import active, pinned
from generel_graph.ask.score import check_pairs
from generel_graph.config import Config, load_config
from generel_graph.graph import Graph
from generel_graph.graph.open import open_graph
from generel_graph.spaces.spaces import ModelSpaces

if TYPE_CHECKING:
    import networkx as nx
    import numpy as np
    import pandas as pd
    import polars as pl
    from numpy.typing import NDArray


class Session:
    """An open graph and its trained space; use as a context manager."""

    def __init__(self, config: Config, graph: Graph) -> None:
        self.config = config
        self.graph = graph
        self.space = ModelSpaces(config, graph)  # the space of a model, by its id

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the connections; a private server stays up for the next command."""
        self.graph.close()

    def model_id(self) -> str:
        """The id of the model that answers now; raises NotFoundError if none is active."""
        return active(self.graph).id

    def ask(
        self,
        text: str | Sequence[str],
        k: int = 10,
        kind: str | Sequence[str] | None = None,
        **how: Unpack[asking.SearchOptions],
    ) -> asking.SearchResult:
        """What the texts were taken for and the `k` clusters nearest to them, of some kinds or of any.

        `how`: see `generel_graph.ask.How`. Raises UsageError, NotFoundError, ModelError.
        """
        before = self.config.train.published_before
        return asking.search(self.graph, self.space, asking.SearchQuery.read(text, k, kind, before, **how))

    def search(
        self,
        text: str | Sequence[str],
        k: int = 10,
        kind: str | Sequence[str] | None = None,
        **how: Unpack[asking.SearchOptions],
    ) -> pd.DataFrame:
        """The hits of `ask` as a frame: id, kind, name, score (−1 … 1), linked, links, codes, genes, position.

        Its `attrs` say what the texts were taken for: query, resolved_by, resolved_id, resolved_name, ends, model.

        Example: `session.search(["asthma", "obesity"], kind="SNP", minus="eczema", not_linked=(), one_per_locus=True)`.
        """
        import pandas as pd

        answer = self.ask(text, k, kind, **how).as_json()
        hits = answer.pop("hits")
        columns = ["id", "kind", "name", "score", "linked", "links", "codes", "genes", "position"]
        frame = pd.DataFrame(list(hits), columns=columns)
        frame.attrs.update(answer)
        return frame

    def explain(self, left: str, right: str, hops: int = 3, k: int = 5) -> asking.Explanation:
        """Why two things are near or not: cosine and its place, direct evidence, paths of up to `hops` steps.

        `k` rows of each list. A free text, and an SNP that is no node, has a cosine but no edges; `graph()` of the
        result is a networkx graph of all that it tells. Raises UsageError, NotFoundError, ModelError.
        """
        return asking.explain(self.graph, self.space, left, right, hops, k)

    def run(
        self,
        cypher: str,
        parameters: Mapping[str, Any] | None = None,
        embed: Mapping[str, str] | None = None,
        timeout: float | None = None,
    ) -> tuple[list[str], list[list[Any]]]:
        """Columns and rows of read-only Cypher; `embed` gives parameters that are vectors of texts.

        The server stops it after `timeout` seconds (None: `neo4j.query_seconds`; 0: never).
        """
        return asking.query(self.graph, self.space, cypher, parameters, embed, self._seconds(timeout))

    def run_to(
        self,
        path: Path,
        cypher: str,
        parameters: Mapping[str, Any] | None = None,
        embed: Mapping[str, str] | None = None,
        timeout: float | None = None,
    ) -> str:
        """Write what `run` gives to a file (.csv, .tsv, .json, .parquet, .graphml by its ending); how much it was.

        GraphML takes the nodes, relationships and paths of the answer. Raises UsageError for another ending.
        """
        if asking.form_of(path) == asking.GRAPH:
            found = asking.query_network(self.graph, self.space, cypher, parameters, embed, self._seconds(timeout))
            asking.write_network(path, found)
            return f"{len(found):,} nodes, {found.number_of_edges():,} edges"
        columns, rows = self.run(cypher, parameters, embed, timeout)
        asking.write_rows(path, columns, rows)
        return f"{len(rows):,} rows"

    def query(
        self,
        cypher: str,
        parameters: Mapping[str, Any] | None = None,
        embed: Mapping[str, str] | None = None,
        timeout: float | None = None,
    ) -> pd.DataFrame:
        """What `run` gives, as a frame.

        Example: `session.query("MATCH (m:Model {active: true})
        CALL db.index.vector.queryNodes(m.index, 5, $v) YIELD node RETURN node.id", embed={"v": "heart attack"})`.
        """
        return _frame(*self.run(cypher, parameters, embed, timeout))

    def recipe(self, name: str, parameters: Mapping[str, Any] | None = None, **named: Any) -> pd.DataFrame:
        """The answer to a file of `cypher/recipes/`; its `attrs["cypher"]` is the statement to paste.

        Parameters may be keywords too: `session.recipe("variants_at_locus", disease="asthma", snp="rs7216389")`.
        """
        served = self.cook(name, {**(parameters or {}), **named})
        frame = _frame(served.columns, served.rows)
        frame.attrs["cypher"] = served.recipe.pasteable(served.values)
        return frame

    def cook(
        self, name: str, parameters: Mapping[str, Any] | None = None, embed: Mapping[str, str] | None = None
    ) -> asking.RecipeResult:
        """The answer to a recipe with what it was asked with; `embed` as in `run`.

        Reports from `train.published_before` on link nothing, unless the parameter of that name says otherwise.
        Raises UsageError, NotFoundError, GraphError.
        """
        before = self.config.train.published_before
        return asking.run_recipe(self.graph, self.space, name, parameters, embed, before)

    def pasteable(self, name: str, parameters: Mapping[str, Any] | None = None) -> tuple[asking.Recipe, str]:
        """A recipe as this server and its models take it, and its statement under its parameters, to paste."""
        ready = asking.prepare(self.graph, self.space, name, parameters or {})
        return ready.recipe, ready.recipe.pasteable(ready.values)

    def vectors(self, ids: Sequence[str]) -> tuple[dict[str, NDArray[np.float32]], int]:
        """The stored vectors of nodes by id, and how many of their numbers are the learnt half."""
        return self.space.vectors(ids)

    def encode(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """The frozen encoder's own vectors of texts, [k, dimension of the encoder] of unit length, untrained."""
        return self.space(self.model_id()).encoder.encode(texts)

    def map(self, seed: int = 0, progress: Progress = silent) -> pd.DataFrame:
        """Every node that has a vector, in two dimensions: id, kind, name, source, chromosome, x, y.

        Laid out by the learnt half of the vectors; what is near in it is near in the space. The same vectors and seed
        give the same places, which are kept in the state folder. `attrs`: model.
        Raises ModelError without the extra `plot`.
        """
        from generel_graph.plots.layout import cached_layout

        def read(model: asking.PinnedModel) -> tuple[str, pl.DataFrame, NDArray[np.float32]]:
            return model.id, *asking.read_space(self.graph, model, self.space(model.id).learnt, progress)

        model_id, nodes, vectors = pinned(self.graph, read)
        places = cached_layout(self.config.maps_folder, vectors, seed, progress)
        frame = nodes.to_pandas().assign(x=places[:, 0], y=places[:, 1])
        frame.attrs["model"] = model_id
        return frame

    def locus(self, snp: str, disease: str, window: int = asking.WINDOW) -> pd.DataFrame:
        """The SNPs within `window` base pairs of `snp` in its build, each with its strongest report of `disease`.

        Columns: id, position, neg_log10_p, trait, study, pubmed_id, reports, r2 (to `snp`), posterior, cosine (−1 … 1).
        `attrs`: snp, disease, disease_id, kinds_below, build, chromosome, position, first, last, genes (with the spans
        of the SNPs in them), other_builds (SNPs left out), ld (whether any is known), model, note.
        Raises UsageError, NotFoundError.
        """
        import pandas as pd

        found = asdict(asking.region(self.graph, self.space, snp, disease, window))
        frame = pd.DataFrame(found.pop("rows"), columns=list(asking.REGION_COLUMNS))
        position = int(frame.loc[frame["id"] == found["snp"], "position"].iat[0])
        frame.attrs.update(found, position=position, note=asking.NOTE)
        return frame

    def effects(self, progress: Progress = silent) -> pd.DataFrame:
        """Pairs of SNP and trait with a reported odds ratio, and their cosine, as a frame.

        Columns: snp, trait, type (of the edge), log_odds (mean |ln odds ratio|), reports, cosine, held_out (of the
        training; empty where the model's folder does not tell). `attrs`: model. Raises NotFoundError, ModelError.
        """
        import polars as pl

        from generel_graph.learn.pairs.held_out import read_held_out

        pairs, model_id = asking.effects(self.graph, self.space, progress)
        held = read_held_out(self.config.model_folder(model_id))
        told = pl.lit(None, dtype=pl.Boolean)
        if held is not None:
            ends = held.filter(pl.col("task").is_in(["gwas", "phewas"])).select(snp="anchor", trait="positive").unique()
            pairs = pairs.join(ends.with_columns(held=True), on=["snp", "trait"], how="left", maintain_order="left")
            told = pl.col("held").fill_null(False)
        frame = pairs.with_columns(told.alias("held_out")).drop("held", strict=False).to_pandas()
        frame.attrs["model"] = model_id
        return frame

    def subgraph(self, ids: str | Iterable[str], hops: int = 1, limit: int = 1_000) -> nx.MultiDiGraph[str]:
        """The neighbourhood of ids, or of what one text names, as networkx; `limit` edges a hop.

        Raises NotFoundError for an id or text that names no node, UsageError for more than 3 hops.
        """
        if isinstance(ids, str):
            ids = [link_node(self.graph, ids, "subgraph")]
        return asking.subgraph(self.graph, ids, hops, limit)

    def score(self, pairs: pd.DataFrame, progress: Progress = silent) -> pd.DataFrame:
        """Add left_id, right_id, cosine (−1 … 1), left_by, right_by, effect and effect_percentile to a frame.

        It has the columns left and right. effect: the |ln odds ratio| to expect of an SNP on a trait if they are
        associated; its percentile (0 … 100) is among the known ones.
        """
        import polars as pl

        # Only the two columns go through: whatever else the caller's frame has stays as it is, index too.
        check_pairs(list(pairs.columns), "pairs")
        ends = {name: pairs[name].astype(object).where(pairs[name].notna(), None).tolist() for name in asking.ENDS}
        texts = {name: [None if v is None else str(v) for v in values] for name, values in ends.items()}
        scored = asking.score(
            self.graph, self.space, pl.DataFrame(texts, schema=dict.fromkeys(texts, pl.String)), progress
        )
        return pairs.assign(**{name: scored[name].to_list() for name in asking.ADDED})

    def _seconds(self, timeout: float | None) -> float:
        return self.config.neo4j.query_seconds if timeout is None else timeout

    def score_file(self, path: Path, progress: Progress = silent) -> str:
        """The tab-separated text of `path` with the columns of `score` added."""
        return asking.to_tsv(asking.score(self.graph, self.space, asking.read_pairs(path), progress))


def open(config: Config | Path | str | None = None, progress: Progress = silent) -> Session:
    """Open the graph that a configuration leads to; a private server is started if need be.

    `config` is a Config, the path of a `generel.toml` or its folder, or None for the one in this folder.
    Raises ConfigError, ServerError, GraphError.
    """
    if not isinstance(config, Config):
        config = load_config(None if config is None else Path(config))
    return Session(config, open_graph(config, progress))


def _frame(columns: list[str], rows: list[list[Any]]) -> pd.DataFrame:
    import pandas as pd

    return pd.DataFrame(rows, columns=columns)
