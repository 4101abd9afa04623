"""Pairs of ids or texts: the cosine of each, and the effect to expect of an SNP on a trait."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from io import StringIO
from pathlib import Path

import polars as pl

from generel_etl.errors import DataError
from generel_etl.progress import Progress, silent
from generel_graph.ask.entity_linking import LOCUS, EntityLink, link_all, tidy
from generel_graph.ask.pinned_model import PinnedModel, pinned
from generel_graph.ask.similarity import CHUNK, cosines, vectors_of
from generel_graph.ask.space import Space, Spaces, Vector
from generel_graph.graph import Graph

ENDS = ("left", "right")
ADDED = ("left_id", "right_id", "cosine", "left_by", "right_by", "effect", "effect_percentile")
TRAITS = frozenset({"Disease", "Trait", "Phenotype"})  # kinds that an SNP can have an effect on
Number = float | None


@dataclass(frozen=True, slots=True)
class _Ends:
    """What the distinct texts of a table are: links, and kinds and vectors where there are any."""

    links: Mapping[str, EntityLink]
    vectors: Mapping[str, tuple[str, Vector]]  # by text: kind ("" for a free text) and vector [dimension]

    def id(self, text: str) -> str | None:
        """The id of what a text names: a node, or an SNP that was placed."""
        if not text:
            return None
        link = self.links[text]
        return link.snp if link.snp is not None and text in self.vectors else link.id

    def by(self, text: str) -> str | None:
        """The way from a text to what it was taken for; None for what it is not known."""
        if not text:
            return None
        link = self.links[text]
        if link.id is not None:
            return link.resolved_by
        if text not in self.vectors:
            return None
        return link.resolved_by if link.snp is None else LOCUS

    def node(self, text: str) -> tuple[str, str]:
        """Kind and id of a text's node that has a vector; "" and "" of anything else."""
        id_ = self.links[text].id if text in self.vectors else None
        return (self.vectors[text][0], id_) if id_ is not None else ("", "")


def read_pairs(path: Path) -> pl.DataFrame:
    """Read a tab-separated file with the columns `left` and `right`; all columns stay text.

    Raises DataError if it cannot be read, or lacks a column.
    """
    try:
        frame = pl.read_csv(path, separator="\t", infer_schema=False, quote_char=None, truncate_ragged_lines=False)
    except (OSError, pl.exceptions.PolarsError) as error:
        raise DataError(f"not a tab-separated table: {str(error).splitlines()[0]}", where=path) from error
    check_pairs(frame.columns, path)
    return frame


def check_pairs(columns: Sequence[str], where: object) -> None:
    """Raise DataError unless a table has `left` and `right`, and none of the columns that are added."""
    missing = [name for name in ENDS if name not in columns]
    if missing:
        raise DataError("missing column", where=where, found=missing[0], valid=columns, next_step="name it left/right")
    there = [name for name in ADDED if name in columns]
    if there:
        raise DataError("the column would be overwritten", where=where, found=there[0], next_step="rename it")


def score(graph: Graph, spaces: Spaces, pairs: pl.DataFrame, progress: Progress = silent) -> pl.DataFrame:
    """Add the columns ADDED to each row; rows keep their order and columns.

    An end that names a node has its id, and so has an SNP that is none but can be placed; a free text has none but
    is encoded. `cosine` (−1 … 1) is null where an end is empty, an unknown code, an SNP that cannot be placed, or
    a node without a vector. `left_by`, `right_by`: the way, as `search` has it in `resolved_by`. `effect` is the
    |ln odds ratio| to expect, as the catalogue reports such, if there is an association at all, `effect_percentile`
    (0 … 100) its place among the known ones: of an SNP and a disease, trait or phenotype that are nodes, else null.
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
    ends, scores, effects, percentiles = pinned(
        graph, lambda model: _scores(graph, model, spaces(model.id), links, lefts, rights)
    )
    return pairs.with_columns(
        pl.Series("left_id", map(ends.id, lefts), dtype=pl.String),
        pl.Series("right_id", map(ends.id, rights), dtype=pl.String),
        pl.Series("cosine", scores, dtype=pl.Float64),
        pl.Series("left_by", map(ends.by, lefts), dtype=pl.String),
        pl.Series("right_by", map(ends.by, rights), dtype=pl.String),
        pl.Series("effect", effects, dtype=pl.Float64),
        pl.Series("effect_percentile", percentiles, dtype=pl.Float64),
    )


def to_tsv(frame: pl.DataFrame) -> str:
    """The table as tab-separated text; what is null is empty."""
    text = StringIO()
    frame.write_csv(text, separator="\t", quote_style="never", float_precision=6)
    return text.getvalue()


def _scores(
    graph: Graph,
    model: PinnedModel,
    space: Space,
    links: Mapping[str, EntityLink],
    lefts: Sequence[str],
    rights: Sequence[str],
) -> tuple[_Ends, list[Number], list[Number], list[Number]]:
    """What the ends are, and cosine, effect and its percentile of each row."""
    ends = _Ends(links, vectors_of(graph, model, space, links))
    return ends, cosines(space, ends.vectors, lefts, rights), *_effects(space, ends, lefts, rights)


def _effects(
    space: Space, ends: _Ends, lefts: Sequence[str], rights: Sequence[str]
) -> tuple[list[Number], list[Number]]:
    rows: list[int] = []
    pairs: list[tuple[str, str]] = []
    vectors: dict[str, Vector] = {}
    for row, texts in enumerate(zip(lefts, rights, strict=True)):
        found = {kind: (text, id_) for text in texts for kind, id_ in [ends.node(text)]}
        snp, trait = found.get("SNP"), next((found[kind] for kind in found if kind in TRAITS), None)
        if snp is not None and trait is not None:
            rows.append(row)
            pairs.append((snp[1], trait[1]))
            vectors[trait[1]] = ends.vectors[trait[0]][1]
    effects: list[Number] = [None] * len(lefts)
    percentiles = effects.copy()
    told = space.effects(pairs, vectors) if pairs else None
    if told is not None:
        for row, effect, percentile in zip(rows, *(values.tolist() for values in told), strict=True):
            effects[row], percentiles[row] = effect, percentile
    return effects, percentiles
