"""What a load has to write: edges as they are resolved against edges as the graph has them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import polars as pl

EDGE_KEY = ["source", "type", "start", "end", "key"]


@dataclass(frozen=True, slots=True)
class EdgeDifference:
    """Edges to delete (columns of EDGE_KEY at least), to create and to change (as they are resolved)."""

    lost: pl.DataFrame
    created: pl.DataFrame
    changed: pl.DataFrame


def edge_difference(edges: pl.DataFrame, stored: pl.DataFrame) -> EdgeDifference:
    """Compare `edges`, each EDGE_KEY once, with `stored` (EDGE_KEY and digest), in which a key may stand twice.

    An edge that stands twice cannot come from us: both go, and one is created again. Nearly all edges of a
    large source are the same as before, and are known by their digest at a third of the cost of the whole key.
    """
    new, old = _without_same(edges, stored)
    twice = old.filter(pl.struct(EDGE_KEY).is_duplicated())
    known = old.join(twice, on=EDGE_KEY, how="anti")
    gone = pl.concat([known.join(new, on=EDGE_KEY, how="anti"), twice]).unique(EDGE_KEY)
    changed = new.join(known, on=EDGE_KEY, how="semi")
    created = new.join(known, on=EDGE_KEY, how="anti")
    if gone.height:  # one of two that stand there may be as it should be: it is deleted with the other
        again = edges.join(gone, on=EDGE_KEY, how="semi").join(created, on=EDGE_KEY, how="anti")
        created = pl.concat([created, again])
    return EdgeDifference(lost=gone, created=created, changed=changed)


def _without_same(edges: pl.DataFrame, stored: pl.DataFrame) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Both tables without the edges that are the same in both, by digest and, to be sure, by every part of the key."""
    if stored.is_empty():
        return edges, stored
    single = stored.select("digest").with_row_index("at").filter(~stored["digest"].is_duplicated())
    found = edges.select("digest").join(single, on="digest", how="left", maintain_order="left")["at"]
    here = found.is_not_null().arg_true()
    there = found.drop_nulls()
    same = pl.Series([True]).new_from_index(0, len(here))
    for column in EDGE_KEY:
        same &= edges[column].gather(here) == stored[column].gather(there)
    left_new, left_old = np.ones(edges.height, dtype=np.bool_), np.ones(stored.height, dtype=np.bool_)
    left_new[here.filter(same).to_numpy()] = False
    left_old[there.filter(same).to_numpy()] = False
    return edges.filter(pl.Series(left_new)), stored.filter(pl.Series(left_old))
