"""Score pairs of ids or texts: their cosine, and the expected effect of an SNP on a trait."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from io import StringIO
from pathlib import Path
from typing import TYPE_CHECKING

import polars as pl

from generel_etl.errors import DataError
from generel_etl.progress import Progress, silent
from generel_graph.ask.entity_linking import LOCUS, EntityLink, link_all, tidy
from generel_graph.ask.pinned_model import PinnedModel, pinned
from generel_graph.ask.similarity import CHUNK, cosines, vectors_of
from generel_graph.ask.space import Space, Spaces, Vector
from generel_graph.graph import Graph

if TYPE_CHECKING:
    import pandas as pd

ENDPOINTS = ("left", "right")
ADDED = ("left_id", "right_id", "cosine", "left_by", "right_by", "effect", "effect_percentile")
TRAITS = frozenset({"Disease", "Trait", "Phenotype"})  # kinds that an SNP can have an effect on
Number = float | None


@dataclass(frozen=True, slots=True)
class ScoreResult:
    """A table of pairs with its scores; rows keep their order and their other columns."""

    table: pl.DataFrame  # the columns of the pairs, then ADDED
    model: str  # id of the model that answered
    source: pd.DataFrame | None = field(default=None, repr=False, compare=False)  # the pairs, if they were a frame

    def frame(self) -> pd.DataFrame:
        """The pairs with the columns ADDED as a pandas frame; a frame keeps its index and columns. `attrs`: model."""
        if self.source is None:
            frame = self.table.to_pandas()
        else:
            frame = self.source.assign(**{name: self.table[name].to_list() for name in ADDED})
        frame.attrs["model"] = self.model
        return frame

    def tsv(self) -> str:
        """The table as tab-separated text; null is empty."""
        text = StringIO()
        self.table.write_csv(text, separator="\t", quote_style="never", float_precision=6)
        return text.getvalue()


@dataclass(frozen=True, slots=True)
class _Terms:
    """The distinct texts of a table: what each names, and kind and vector if it has one."""

    links: Mapping[str, EntityLink]
    vectors: Mapping[str, tuple[str, Vector]]  # by text: kind ("" for a free text) and vector [dimension]

    def id(self, text: str) -> str | None:
        """The id that a text names: of a node, or of an SNP that has a vector without being in the graph."""
        if not text:
            return None
        link = self.links[text]
        return link.snp if link.snp is not None and text in self.vectors else link.id

    def resolved_by(self, text: str) -> str | None:
        """How a text was resolved; None for an empty text, and for a code or SNP without a vector."""
        if not text:
            return None
        link = self.links[text]
        if link.id is not None:
            return link.resolved_by
        if text not in self.vectors:
            return None
        return link.resolved_by if link.snp is None else LOCUS

    def node(self, text: str) -> tuple[str, str]:
        """Kind and id of the node of a text, if it has a vector; otherwise "" and ""."""
        id_ = self.links[text].id if text in self.vectors else None
        return (self.vectors[text][0], id_) if id_ is not None else ("", "")


def read_pairs(path: Path) -> pl.DataFrame:
    """Read a tab-separated file with the columns `left` and `right`; all columns are read as text.

    Raises DataError for an unreadable file or a missing column.
    """
    try:
        frame = pl.read_csv(path, separator="\t", infer_schema=False, quote_char=None, truncate_ragged_lines=False)
    except (OSError, pl.exceptions.PolarsError) as error:
        raise DataError(f"not a tab-separated table: {str(error).splitlines()[0]}", where=path) from error
    check_pairs(frame.columns, path)
    return frame


def check_pairs(columns: Sequence[str], where: object) -> None:
    """Raise DataError if a table lacks `left` or `right`, or has one of the columns ADDED."""
    missing = [name for name in ENDPOINTS if name not in columns]
    if missing:
        raise DataError("missing column", where=where, found=missing[0], valid=columns, next_step="name it left/right")
    taken = [name for name in ADDED if name in columns]
    if taken:
        raise DataError("the column would be overwritten", where=where, found=taken[0], next_step="rename it")


def score_frame(graph: Graph, spaces: Spaces, pairs: pd.DataFrame, progress: Progress = silent) -> ScoreResult:
    """As `score`, for a pandas frame with the columns left and right; its index and other columns are preserved."""
    check_pairs(list(pairs.columns), "pairs")
    columns = {name: pairs[name].astype(object).where(pairs[name].notna(), None).tolist() for name in ENDPOINTS}
    texts = {name: [None if v is None else str(v) for v in values] for name, values in columns.items()}
    table = pl.DataFrame(texts, schema=dict.fromkeys(texts, pl.String))
    return replace(score(graph, spaces, table, progress), source=pairs)


def score(graph: Graph, spaces: Spaces, pairs: pl.DataFrame, progress: Progress = silent) -> ScoreResult:
    """Add the columns ADDED to each row; rows keep their order and columns.

    `left_id`, `right_id`: ids of nodes, and of SNPs that are not in the graph but have a vector; null for a free text.
    `cosine` (−1 … 1) is null if an endpoint is empty, an unknown code, an SNP without a vector, or a node without one.
    `left_by`, `right_by`: how the text was resolved, as `resolved_by` of `search`. `effect`: the expected |ln odds
    ratio|, as the catalogue reports it, if the two are associated; `effect_percentile` (0 … 100): its rank among the
    known ones; both only for an SNP and a disease, trait or phenotype that are nodes.
    Raises DataError, NotFoundError, ModelError.
    """
    check_pairs(pairs.columns, "pairs")
    lefts = [tidy(text or "") for text in pairs["left"].cast(pl.String).to_list()]
    rights = [tidy(text or "") for text in pairs["right"].cast(pl.String).to_list()]
    texts = sorted({*lefts, *rights} - {""})
    links: dict[str, EntityLink] = {}
    for begin in range(0, len(texts), CHUNK):
        links |= link_all(graph, texts[begin : begin + CHUNK])
        progress("link", min(begin + CHUNK, len(texts)), len(texts))

    def answer(model: PinnedModel) -> ScoreResult:
        space = spaces(model.id)
        terms = _Terms(links, vectors_of(graph, model, space, links))
        effects, percentiles = _effects(space, terms, lefts, rights)
        table = pairs.with_columns(
            pl.Series("left_id", map(terms.id, lefts), dtype=pl.String),
            pl.Series("right_id", map(terms.id, rights), dtype=pl.String),
            pl.Series("cosine", cosines(space, terms.vectors, lefts, rights), dtype=pl.Float64),
            pl.Series("left_by", map(terms.resolved_by, lefts), dtype=pl.String),
            pl.Series("right_by", map(terms.resolved_by, rights), dtype=pl.String),
            pl.Series("effect", effects, dtype=pl.Float64),
            pl.Series("effect_percentile", percentiles, dtype=pl.Float64),
        )
        return ScoreResult(table, model.id)

    return pinned(graph, answer)


def _effects(
    space: Space, terms: _Terms, lefts: Sequence[str], rights: Sequence[str]
) -> tuple[list[Number], list[Number]]:
    """Expected effect and percentile of each row; None for any pair but an SNP and a trait."""
    rows: list[int] = []
    pairs: list[tuple[str, str]] = []
    vectors: dict[str, Vector] = {}
    for row, texts in enumerate(zip(lefts, rights, strict=True)):
        nodes = {kind: (text, id_) for text in texts for kind, id_ in [terms.node(text)]}
        snp, trait = nodes.get("SNP"), next((nodes[kind] for kind in nodes if kind in TRAITS), None)
        if snp is not None and trait is not None:
            rows.append(row)
            pairs.append((snp[1], trait[1]))
            vectors[trait[1]] = terms.vectors[trait[0]][1]
    effects: list[Number] = [None] * len(lefts)
    percentiles = effects.copy()
    expected = space.effects(pairs, vectors) if pairs else None
    if expected is not None:
        for row, effect, percentile in zip(rows, *(values.tolist() for values in expected), strict=True):
            effects[row], percentiles[row] = effect, percentile
    return effects, percentiles
