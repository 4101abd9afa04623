"""SNP–trait pairs with a reported odds ratio, with their cosine."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import polars as pl

from generel_etl.progress import Progress, silent
from generel_graph.ask.pinned_model import PinnedModel, pinned, stored_vectors
from generel_graph.ask.similarity import CHUNK, cosines
from generel_graph.ask.space import Spaces, Vector
from generel_graph.graph import Graph

if TYPE_CHECKING:
    import pandas as pd

SCHEMA = {
    "snp": pl.String,
    "trait": pl.String,
    "type": pl.String,
    "log_odds": pl.Float64,
    "reports": pl.Int64,
}


@dataclass(frozen=True, slots=True)
class EffectsResult:
    """Pairs of an SNP and a trait with their effect and cosine."""

    pairs: (
        pl.DataFrame
    )  # snp, trait (ids), type (of the edge), log_odds (mean |ln odds ratio|), reports, cosine (−1 … 1)
    model: str  # id of the model that answered

    def frame(self) -> pd.DataFrame:
        """The pairs as a pandas frame; `attrs`: model."""
        frame = self.pairs.to_pandas()
        frame.attrs["model"] = self.model
        return frame


def effects(graph: Graph, spaces: Spaces, progress: Progress = silent) -> EffectsResult:
    """All pairs of nodes with vectors that have an odds ratio; raises NotFoundError if no model is active."""
    pairs = graph.pages("ask/list_effects", graph.key_ranges(), SCHEMA, progress, "read odds ratios").frame()
    lefts, rights = pairs["snp"].to_list(), pairs["trait"].to_list()
    ids = sorted({*lefts, *rights})

    def answer(model: PinnedModel) -> EffectsResult:
        vectors: dict[str, tuple[str, Vector]] = {}
        for begin in range(0, len(ids), CHUNK):
            vectors |= stored_vectors(graph, model, ids[begin : begin + CHUNK])
            progress("read vectors", min(begin + CHUNK, len(ids)), len(ids))
        column = pl.Series("cosine", cosines(spaces(model.id), vectors, lefts, rights), dtype=pl.Float64)
        return EffectsResult(pairs.with_columns(column).drop_nulls("cosine"), model.id)

    return pinned(graph, answer)
