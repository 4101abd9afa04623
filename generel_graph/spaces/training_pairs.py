"""Whether a model was trained on a pair: a look-up in the files of pairs that its training wrote."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from generel_graph.ask.space import HELD_OUT, TRAINED, UNKNOWN, UNSEEN, TrainingExposure
from generel_graph.model_folder import HELD_OUT as HELD_OUT_FILE
from generel_graph.model_folder import TRAINED_PAIRS

if TYPE_CHECKING:
    import polars as pl

EFFECT_TASKS = ("gwas", "phewas")  # tasks whose pairs have odds ratios


def training_exposure(
    folder: Path, left: Collection[str], right: Collection[str], edges: Sequence[tuple[str, str]]
) -> TrainingExposure:
    """Look up a pair of clusters, by the ids of their members, and the two nodes of each edge between them.

    The answer is that of the time of training. A pair that one task trained on and another held out counts as trained
    on. All answers are "unknown" if the model folder has no list of training pairs.
    """
    if not (folder / TRAINED_PAIRS).is_file():
        return TrainingExposure(UNKNOWN, (), (UNKNOWN,) * len(edges))
    trained = _pairs(folder / TRAINED_PAIRS, left, right)
    held_out = _pairs(folder / HELD_OUT_FILE, left, right)
    tasks = {task for task, _ in trained | held_out}
    trained_pairs, held_out_pairs = ({pair for _, pair in pairs} for pairs in (trained, held_out))

    def answer(is_trained: bool, is_held_out: bool) -> str:
        return TRAINED if is_trained else HELD_OUT if is_held_out else UNSEEN

    of_edges = [answer(pair in trained_pairs, pair in held_out_pairs) for pair in map(frozenset, edges)]
    return TrainingExposure(answer(bool(trained), bool(held_out)), tuple(sorted(tasks)), tuple(of_edges))


def _pairs(path: Path, left: Collection[str], right: Collection[str]) -> set[tuple[str, frozenset[str]]]:
    """The task and the two ids of each pair of a file that joins a node of `left` with one of `right`."""
    import polars as pl

    if not path.is_file():
        return set()
    anchor, positive = pl.col("anchor"), pl.col("positive")
    joins = (anchor.is_in(left) & positive.is_in(right)) | (anchor.is_in(right) & positive.is_in(left))
    rows = pl.scan_parquet(path).filter(joins).select("task", "anchor", "positive").collect()
    return {(task, frozenset((a, b))) for task, a, b in rows.iter_rows()}


def with_held_out(pairs: pl.DataFrame, folder: Path) -> pl.DataFrame:
    """Add the column `held_out` to pairs of `snp` and `trait`; null if the model folder has no list of these pairs."""
    import polars as pl

    path = folder / HELD_OUT_FILE
    if not path.is_file():
        return pairs.with_columns(pl.lit(None, dtype=pl.Boolean).alias("held_out"))
    held_out = pl.scan_parquet(path).filter(pl.col("task").is_in(EFFECT_TASKS))
    keys = held_out.select(snp="anchor", trait="positive").unique().with_columns(held_out=True).collect()
    joined = pairs.join(keys, on=["snp", "trait"], how="left", maintain_order="left")
    return joined.with_columns(pl.col("held_out").fill_null(False))
