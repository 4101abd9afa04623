"""Similarity against odds ratio: whether what lies nearer is also what is associated more strongly."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from math import ceil
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from generel_graph.metrics import compare
from generel_graph.plots.libraries import check_picture, need

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes

MANY = 3_000  # pairs from which on their density is drawn
COLUMNS = 2  # panels beside one another
FEWEST = 20  # pairs; of fewer no correlation is told
GREY, LINE, INK = "#8A8A8A", "#C05621", "#222222"
NAMES = {
    "ASSOCIATED_WITH": "reported by studies",
    "CORRELATES_WITH": "measured in a cohort",
}


@dataclass(frozen=True, slots=True)
class Agreement:
    """How cosine follows |ln odds ratio| on some pairs: Spearman, with its 95 % interval by resampling SNPs."""

    type: str  # of the edges
    held_out: bool | None  # None: whether they were is not known
    pairs: int
    spearman: float  # NaN for fewer than FEWEST pairs
    ci_low: float
    ci_high: float


def agreements(pairs: pd.DataFrame, draws: int = 200, seed: int = 0) -> list[Agreement]:
    """One for each type of edge and fate (held out of training, not held out) in the table of `Session.effects`."""
    found = []
    for (kind, held), rows in pairs.groupby(["type", "held_out"], sort=True, dropna=False):
        told = None if held is None or held != held else bool(held)  # noqa: PLR0124  NaN
        values = (float("nan"),) * 3
        if len(rows) >= FEWEST:
            truth = rows["log_odds"].to_numpy(dtype=np.float64)
            _, groups = np.unique(rows["snp"].to_numpy(dtype=str), return_inverse=True)
            scores = {"cosine": rows["cosine"].to_numpy(dtype=np.float64)}
            (result,) = compare("spearman", scores, truth, groups, draws=draws, seed=seed)
            values = (result.value, result.ci_low, result.ci_high)
        found.append(Agreement(str(kind), told, len(rows), *values))
    return found


def draw_effects(pairs: pd.DataFrame, told: list[Agreement], path: Path) -> Path:
    """Draw cosine against |ln odds ratio|, a panel for each of `told`, as a PNG, PDF or SVG.

    Raises UsageError for another ending, ModelError without matplotlib.
    """
    need("matplotlib")
    check_picture(path)
    from matplotlib.figure import Figure

    columns = min(COLUMNS, max(len(told), 1))
    rows = max(ceil(len(told) / columns), 1)
    figure = Figure(figsize=(4.6 * columns, 3.4 * rows + 0.9), layout="constrained")
    axes = figure.subplots(rows, columns, squeeze=False)
    for panel in axes.ravel()[len(told) :]:
        panel.set_axis_off()
    for panel, agreement in zip(axes.ravel(), told, strict=False):
        fate = pairs["held_out"].isna() if agreement.held_out is None else pairs["held_out"] == agreement.held_out
        _panel(panel, pairs[(pairs["type"] == agreement.type) & fate], agreement)
    for first in axes[:, 0]:
        first.set_ylabel("|ln odds ratio|")
    figure.suptitle("Nearness and size of effect", x=0.01, ha="left", fontsize=13)
    figure.supxlabel(
        "Line: medians of tenths of the pairs. Vectors are made of the whole graph, so a pair that was held out of\n"
        "training is no clean test here; `generel-graph evaluate` has one. What is above the 99.5th percentile is\n"
        "outside the picture, not outside the figures.",
        x=0.01, ha="left", fontsize=7.5, color=GREY,
    )  # fmt: skip
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, dpi=150)
    return path


def _panel(axes: Axes, pairs: pd.DataFrame, agreement: Agreement) -> None:
    x, y = pairs["cosine"].to_numpy(dtype=np.float64), pairs["log_odds"].to_numpy(dtype=np.float64)
    top = max(float(np.quantile(y, 0.995)), 1e-3)
    if len(x) > MANY:
        extent = (x.min(), x.max(), 0, top)
        axes.hexbin(x, y, gridsize=45, extent=extent, bins="log", cmap="Greys", mincnt=1, linewidths=0)
    else:
        axes.scatter(x, y, s=9, color=INK, alpha=0.35, linewidths=0)
    if len(x) >= FEWEST:
        parts = np.array_split(np.argsort(x, kind="stable"), 10)
        axes.plot([np.median(x[p]) for p in parts], [np.median(y[p]) for p in parts], "-o", color=LINE, markersize=4)
    axes.set_ylim(0, top)
    fates: Mapping[bool | None, str] = {None: "", True: ", held out", False: ", not held out"}
    axes.set_title(f"{NAMES.get(agreement.type, agreement.type)}{fates[agreement.held_out]}", fontsize=10, loc="left")
    said = "too few for a correlation"
    if np.isfinite(agreement.spearman):
        said = f"Spearman {agreement.spearman:.2f} ({agreement.ci_low:.2f} … {agreement.ci_high:.2f})"
    place: dict[str, Any] = {"transform": axes.transAxes, "ha": "right", "va": "top", "fontsize": 8.5}
    axes.text(0.98, 0.97, f"{agreement.pairs:,} pairs\n{said}", **place)
    axes.set_xlabel("cosine")
    for side in ("top", "right"):
        axes.spines[side].set_visible(False)
