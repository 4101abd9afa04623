"""Cosine against odds ratio: whether similar pairs of SNP and trait also have stronger associations."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from math import ceil
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from generel_graph.metrics import compare
from generel_graph.plots.libraries import check_picture, require

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes

MAX_POINTS = 3_000  # pairs that are drawn as points; of more, the density is drawn
COLUMNS = 2  # panels in a row
MIN_PAIRS = 20  # for a correlation
GREY, LINE, INK = "#8A8A8A", "#C05621", "#222222"
NAMES = {
    "ASSOCIATED_WITH": "reported by studies",
    "CORRELATES_WITH": "measured in a cohort",
}


@dataclass(frozen=True, slots=True)
class Agreement:
    """Spearman's correlation of cosine and |ln odds ratio|, with a 95 % interval (bootstrap over SNPs)."""

    type: str  # of the edges
    held_out: bool | None  # of training; None: unknown
    pairs: int
    spearman: float  # NaN for fewer than MIN_PAIRS pairs
    ci_low: float
    ci_high: float


def agreements(pairs: pd.DataFrame, draws: int = 200, seed: int = 0) -> list[Agreement]:
    """The agreement for each edge type and held-out state in the table of `Session.effects`."""
    results = []
    for (type_, value), rows in pairs.groupby(["type", "held_out"], sort=True, dropna=False):
        held_out = None if value is None or value != value else bool(value)  # noqa: PLR0124  NaN
        spearman = (float("nan"),) * 3
        if len(rows) >= MIN_PAIRS:
            truth = rows["log_odds"].to_numpy(dtype=np.float64)
            _, groups = np.unique(rows["snp"].to_numpy(dtype=str), return_inverse=True)
            scores = {"cosine": rows["cosine"].to_numpy(dtype=np.float64)}
            (result,) = compare("spearman", scores, truth, groups, draws=draws, seed=seed)
            spearman = (result.value, result.ci_low, result.ci_high)
        results.append(Agreement(str(type_), held_out, len(rows), *spearman))
    return results


def draw_effects(pairs: pd.DataFrame, results: list[Agreement], path: Path) -> Path:
    """Draw cosine against |ln odds ratio| with one panel per result, as a PNG, PDF or SVG.

    Raises UsageError for another file extension, ModelError without matplotlib.
    """
    require("matplotlib")
    check_picture(path)
    from matplotlib.figure import Figure

    columns = min(COLUMNS, max(len(results), 1))
    rows = max(ceil(len(results) / columns), 1)
    figure = Figure(figsize=(4.6 * columns, 3.4 * rows + 0.9), layout="constrained")
    axes = figure.subplots(rows, columns, squeeze=False)
    for panel in axes.ravel()[len(results) :]:
        panel.set_axis_off()
    for panel, agreement in zip(axes.ravel(), results, strict=False):
        chosen = pairs["held_out"].isna() if agreement.held_out is None else pairs["held_out"] == agreement.held_out
        _panel(panel, pairs[(pairs["type"] == agreement.type) & chosen], agreement)
    for first in axes[:, 0]:
        first.set_ylabel("|ln odds ratio|")
    figure.suptitle("Similarity and effect size", x=0.01, ha="left", fontsize=13)
    figure.supxlabel(
        "Line: medians of tenths of the pairs. The vectors use all edges, so pairs held out of training are not an\n"
        "unbiased test here; use `generel-graph evaluate`. Points above the 99.5th percentile are not shown, but they\n"
        "count in the correlation.",
        x=0.01, ha="left", fontsize=7.5, color=GREY,
    )  # fmt: skip
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, dpi=150)
    return path


def _panel(axes: Axes, pairs: pd.DataFrame, agreement: Agreement) -> None:
    x, y = pairs["cosine"].to_numpy(dtype=np.float64), pairs["log_odds"].to_numpy(dtype=np.float64)
    top = max(float(np.quantile(y, 0.995)), 1e-3)
    if len(x) > MAX_POINTS:
        extent = (x.min(), x.max(), 0, top)
        axes.hexbin(x, y, gridsize=45, extent=extent, bins="log", cmap="Greys", mincnt=1, linewidths=0)
    else:
        axes.scatter(x, y, s=9, color=INK, alpha=0.35, linewidths=0)
    if len(x) >= MIN_PAIRS:
        parts = np.array_split(np.argsort(x, kind="stable"), 10)
        axes.plot([np.median(x[p]) for p in parts], [np.median(y[p]) for p in parts], "-o", color=LINE, markersize=4)
    axes.set_ylim(0, top)
    suffixes: Mapping[bool | None, str] = {None: "", True: ", held out", False: ", not held out"}
    axes.set_title(
        f"{NAMES.get(agreement.type, agreement.type)}{suffixes[agreement.held_out]}", fontsize=10, loc="left"
    )
    correlation = "too few for a correlation"
    if np.isfinite(agreement.spearman):
        correlation = f"Spearman {agreement.spearman:.2f} ({agreement.ci_low:.2f} … {agreement.ci_high:.2f})"
    corner: dict[str, Any] = {"transform": axes.transAxes, "ha": "right", "va": "top", "fontsize": 8.5}
    axes.text(0.98, 0.97, f"{agreement.pairs:,} pairs\n{correlation}", **corner)
    axes.set_xlabel("cosine")
    for side in ("top", "right"):
        axes.spines[side].set_visible(False)
