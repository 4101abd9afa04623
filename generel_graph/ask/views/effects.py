"""Pairs of an SNP and a trait whose odds ratio is reported, with the cosine that the space gives each."""

from __future__ import annotations

import polars as pl

from generel_etl.progress import Progress, silent
from generel_graph.ask.pinned_model import PinnedModel, pinned, stored_vectors
from generel_graph.ask.similarity import CHUNK, cosines
from generel_graph.ask.space import Spaces, Vector
from generel_graph.graph import Graph

SCHEMA = {
    "snp": pl.String,
    "trait": pl.String,
    "type": pl.String,
    "log_odds": pl.Float64,
    "reports": pl.Int64,
}


def effects(graph: Graph, spaces: Spaces, progress: Progress = silent) -> tuple[pl.DataFrame, str]:
    """All such pairs of nodes with vectors, and the id of the model that answered.

    Columns: snp, trait (ids), type (of the edge), log_odds (mean |ln odds ratio|), reports, cosine (−1 … 1).
    Raises NotFoundError if no model is active.
    """
    pairs = graph.frame("ask/list_effects", graph.key_ranges(), SCHEMA, progress, "read odds ratios")
    lefts, rights = pairs["snp"].to_list(), pairs["trait"].to_list()
    ids = sorted({*lefts, *rights})

    def answer(model: PinnedModel) -> tuple[list[float | None], str]:
        vectors: dict[str, tuple[str, Vector]] = {}
        for begin in range(0, len(ids), CHUNK):
            vectors |= stored_vectors(graph, model, ids[begin : begin + CHUNK])
            progress("read vectors", min(begin + CHUNK, len(ids)), len(ids))
        return cosines(spaces(model.id), vectors, lefts, rights), model.id

    found, model_id = pinned(graph, answer)
    return pairs.with_columns(pl.Series("cosine", found, dtype=pl.Float64)).drop_nulls("cosine"), model_id
