"""Read the dated reports of the graph, for evaluation on later papers."""

from __future__ import annotations

from typing import Any

import numpy as np
import polars as pl

from generel_etl.progress import Progress, silent
from generel_graph.corpus.read import replace_ids
from generel_graph.corpus.schema import Nodes, Reports
from generel_graph.graph import Graph

SCHEMA: dict[str, Any] = {
    "snp": pl.String,
    "end": pl.String,
    "type": pl.String,
    "paper": pl.String,
    "published": pl.Int32,
    "clear": pl.Boolean,
    "odds_ratio": pl.Float32,
}


def read_reports(graph: Graph, nodes: Nodes, progress: Progress = silent) -> Reports:
    """Read all dated associations and reported genes; SNPs and endpoints are indices into `nodes`."""
    frame = graph.pages("corpus/list_reports", graph.key_ranges(), SCHEMA, progress, "read reports").frame()
    numbers = pl.DataFrame({"id": nodes.ids}, schema={"id": pl.String}).with_row_index("number")
    frame = replace_ids(replace_ids(frame, numbers, "snp"), numbers, "end")
    frame = frame.sort("snp", "end", "type", "paper", "published")
    odds = frame["odds_ratio"].to_numpy()
    with np.errstate(invalid="ignore", divide="ignore"):
        log_odds = np.where(odds > 0, np.abs(np.log(odds)), np.nan)
    return Reports(
        snps=frame["snp"].to_numpy().astype(np.int32),
        ends=frame["end"].to_numpy().astype(np.int32),
        is_gene=(frame["type"] == "REPORTED_GENE").to_numpy(),
        papers=(frame["paper"].rank("dense").to_numpy() - 1).astype(np.int32),
        published=frame["published"].to_numpy(),
        is_significant=frame["clear"].to_numpy(),
        log_odds=log_odds.astype(np.float32),
    )
