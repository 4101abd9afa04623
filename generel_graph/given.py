"""A model whose vectors were made elsewhere: put onto the nodes like our own, and asked by plain cosine."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from generel_graph.ask import Placed, Seen, Stated
from generel_graph.ask.space import UNKNOWN
from generel_graph.config import Config
from generel_graph.connection import open_graph
from generel_graph.embed import GivenVectors, ModelRecord, activate, models, read_vectors, write_back
from generel_graph.errors import ModelError, NotFoundError, UsageError
from generel_graph.graph import Graph
from generel_graph.load import lease
from generel_graph.progress import Progress, silent

if TYPE_CHECKING:
    from generel_graph.encode import Encoder

SHOWN = 10  # unknown ids in a sentence
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")


class GivenSpace:
    """The space of vectors that were made elsewhere: ids, rsIDs and names are asked, a wording cannot be."""

    def __init__(self, model_id: str, dimension: int) -> None:
        self.model_id = model_id
        self.dimension = dimension

    @property
    def learnt(self) -> int:
        """Numbers of the learnt half: all, since there is no other."""
        return self.dimension

    @property
    def encoder(self) -> Encoder:
        """There is none: raises ModelError."""
        raise self._no_encoder("a text")

    def text_vectors(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Raise ModelError: nobody knows where a text lies in this space."""
        raise self._no_encoder(texts[0] if texts else "a text")

    def cut(self, text: str) -> bool:
        """No text is read here, hence none cut short."""
        return False

    def place(self, snps: Sequence[str]) -> Mapping[str, Placed | NotFoundError]:
        """Say of each SNP that is no node that it has no place here."""
        return {
            snp: NotFoundError(
                "the graph has no such SNP, and a model whose vectors were made elsewhere places none",
                where=self.model_id,
                found=snp,
                next_step="load a source that has it, or make a model active that was trained here",
            )
            for snp in snps
        }

    def question(
        self, vectors: NDArray[np.float32], asked_kind: str, wanted_kind: str | None
    ) -> tuple[NDArray[np.float32], float]:
        """The vectors as they are, and 1: the score is their plain cosine."""
        return vectors, 1.0

    def effects(
        self, pairs: Sequence[tuple[str, str]], traits: Mapping[str, NDArray[np.float32]]
    ) -> tuple[NDArray[np.float64], NDArray[np.float64]] | None:
        """None: nothing is known of effects."""
        return None

    def seen(self, ends: tuple[str, str], edges: Sequence[Stated], ways: Sequence[tuple[Stated, Stated]] = ()) -> Seen:
        """Nobody here knows what these vectors were made from."""
        return Seen(UNKNOWN, (), (UNKNOWN,) * len(edges))

    def _no_encoder(self, text: str) -> ModelError:
        return ModelError(
            "this model has no encoder: its vectors were made elsewhere, and a wording has none",
            where=self.model_id,
            found=text,
            next_step="ask by an id, rsID, symbol or name of the graph; or make a model active that was trained here: "
            "`generel-graph models activate ID`",
        )


@dataclass(frozen=True, slots=True)
class GivenReport:
    """What became of a file of vectors."""

    model: str
    slot: int
    dimension: int
    vectors: int  # nodes that have one now
    written: int
    without: int  # nodes of the graph that the file does not name
    unknown: tuple[str, ...]  # ids of the file that the graph does not have
    replaced: str | None  # the id of the model that gave up its slot

    def as_json(self) -> dict[str, Any]:
        """Plain values in the form that scripts read."""
        return asdict(self)

    def lines(self) -> list[str]:
        """The same in words, a line a fact."""
        lines = [
            f"model: {self.model} in slot {self.slot}, {self.vectors:,} vectors of {self.dimension}, active; "
            f"{self.written:,} written now",
            f"nodes without a vector: {self.without:,}",
        ]
        if self.unknown:
            more = " …" if len(self.unknown) > SHOWN else ""
            lines.append(
                f"ids that the graph does not have: {len(self.unknown):,} ({', '.join(self.unknown[:SHOWN])}{more})"
            )
        if self.replaced:
            lines.append(f"its slot was that of {self.replaced}, which is gone")
        return lines


def given_space(graph: Graph, model_id: str) -> GivenSpace | None:
    """The space of a model whose vectors were made elsewhere; None for any other."""
    record = next((model for model in models(graph) if model.id == model_id and model.made_from), None)
    return None if record is None else GivenSpace(record.id, record.dimension)


def embed_given(config: Config, path: Path, name: str | None = None, progress: Progress = silent) -> GivenReport:
    """Write the vectors of a Parquet file onto the nodes as a model of its own, index them and make it active.

    What answers meanwhile stays as it is; killed half way, the same call goes on. `name` is its id (None: the file's
    name with six digits of its digest). Raises DataError for a file that is wrong, NotFoundError if the graph has none
    of its ids, UsageError for a name that another model has.
    """
    given = read_vectors(path)
    name = name or f"{re.sub(r'[^A-Za-z0-9._-]+', '-', path.stem).strip('-._') or 'given'}-{given.digest[:6]}"
    with open_graph(config, progress) as graph, lease(graph, progress=progress):
        _check_name(config, graph, name, given)
        known = {id_ for row in graph.rows("embed/list_known_ids", ids=list(given.ids)) for id_ in row["id"]}
        rows = [i for i, id_ in enumerate(given.ids) if id_ in known]
        if not rows:
            raise NotFoundError(
                "the graph has none of the file's ids",
                where=path,
                found=list(given.ids[:3]),
                next_step="ids are those of the nodes, as `generel-graph export nodes` writes them",
            )
        record = ModelRecord(name, given.dimension, recipe=given.digest, made_from=path.name)
        ids = [given.ids[i] for i in rows]
        done = write_back(graph, record, ids, given.vectors[rows], progress)
        activate(graph, name)
        nodes = int(graph.row("load/count_graph")["nodes"])
    unknown = tuple(id_ for id_ in given.ids if id_ not in known)
    return GivenReport(
        name, done.slot, given.dimension, done.vectors, done.written, nodes - done.vectors, unknown, done.replaced
    )


def _check_name(config: Config, graph: Graph, name: str, given: GivenVectors) -> None:
    if not _NAME.fullmatch(name):
        raise UsageError("not a model's name", where="--name", found=name, valid=["letters, digits, . _ -"])
    there = next((model for model in models(graph) if model.id == name), None)
    trained = config.model_folder(name).exists() or (there is not None and not there.made_from)
    if trained or (there is not None and there.recipe != given.digest):
        raise UsageError(
            "a model of this name has other vectors",
            where="--name",
            found=name,
            next_step=f"take another name, or `generel-graph models remove {name}` first",
        )
