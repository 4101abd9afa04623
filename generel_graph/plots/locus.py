"""A regional plot: p-values, cosine to a disease, and genes in one region of the genome."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from generel_graph.plots.colours import colour_of
from generel_graph.plots.labels import apart
from generel_graph.plots.libraries import check_picture, require

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes

INK, GREY = "#222222", "#8A8A8A"
GENOME_WIDE = 7.3  # −log10 of 5e-8
LD_COLOURS = "viridis_r"
LABEL_SIZE = (0.14, 0.09)  # of a name, as shares of a panel's width and height
MAX_NAMES = 5  # SNPs with a name in a panel, largest values first
UNKNOWN = "#B9BEC7"  # an SNP without known LD to the index SNP


def draw_locus(snps: pd.DataFrame, path: Path) -> Path:
    """Draw the table of `Session.locus`, with its `attrs`, as a PNG, PDF or SVG by the extension of `path`.

    Panels: −log10 p; cosine; posterior inclusion probability if loaded; genes as spans of the SNPs in them.
    Raises UsageError for another extension, ModelError without matplotlib.
    """
    require("matplotlib")
    check_picture(path)
    from matplotlib.figure import Figure

    about: Mapping[Any, Any] = snps.attrs
    posterior = snps["posterior"].notna().any()
    lanes = _lanes(about["genes"], about["last"] - about["first"])
    heights = [2.6, 2.0, *([1.2] if posterior else []), 0.35 + 0.27 * max(1, len(lanes))]
    figure = Figure(figsize=(9, sum(heights) + 1.3), layout="constrained")
    panels = figure.subplots(len(heights), 1, sharex=True, height_ratios=heights, squeeze=False)[:, 0]
    _points(panels[0], snps, "neg_log10_p", "−log₁₀ p")
    panels[0].axhline(GENOME_WIDE, color=GREY, linewidth=0.8, linestyle="--")
    panels[0].set_ylim(bottom=0, top=1.15 * max(GENOME_WIDE + 1, snps["neg_log10_p"].max(skipna=True) or 0))
    if snps["neg_log10_p"].isna().all():
        panels[0].text(0.5, 0.5, "no report links an SNP of this region to the disease", transform=panels[0].transAxes,
                       ha="center", color=GREY, fontsize=9)  # fmt: skip
    _points(panels[1], snps, "cosine", "cosine")
    if posterior:
        _points(panels[2], snps, "posterior", "posterior\ninclusion")
        panels[2].set_ylim(0, 1.08)
    _genes(panels[-1], lanes)
    for panel in panels:
        panel.axvline(about["position"], color=GREY, linewidth=0.6, linestyle=":", zorder=0)
        for side in ("top", "right"):
            panel.spines[side].set_visible(False)
    panels[-1].set_xlim(about["first"], about["last"])
    panels[-1].xaxis.set_major_formatter(lambda value, _: f"{value / 1e6:.2f}")
    panels[-1].set_xlabel(f"chromosome {about['chromosome']}, Mb ({about['build']})")
    figure.suptitle(f"{about['snp']} and {about['disease']}", x=0.01, ha="left", fontsize=13)
    _legend(figure, panels[0], about)
    figure.supxlabel(_note(snps), x=0.01, ha="left", fontsize=7.5, color=GREY)
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, dpi=150)
    return path


def _points(axes: Axes, snps: pd.DataFrame, column: str, label: str) -> None:
    """One panel; SNPs with known LD to the index SNP (the diamond) have a colour, the others are grey."""
    known = snps[snps[column].notna()]
    r2 = known["r2"].to_numpy(dtype=float)
    index = (known["id"] == snps.attrs["snp"]).to_numpy()
    grey, coloured = np.isnan(r2) & ~index, ~np.isnan(r2) & ~index
    x, y = known["position"].to_numpy(), known[column].to_numpy(dtype=float)
    axes.scatter(x[grey], y[grey], s=26, color=UNKNOWN, edgecolors="white", linewidths=0.4)
    axes.scatter(x[coloured], y[coloured], s=30, c=r2[coloured], cmap=LD_COLOURS, vmin=0, vmax=1,
                 edgecolors="white", linewidths=0.4)  # fmt: skip
    axes.scatter(x[index], y[index], s=62, marker="D", color=colour_of("SNP"), edgecolors="white", zorder=3)
    axes.set_ylabel(label)
    about: Mapping[Any, Any] = snps.attrs
    low = np.array([about["first"], y.min(initial=np.inf)])
    high = np.array([about["last"], y.max(initial=-np.inf)])
    taken: list[NDArray[np.float64]] = []
    for row in np.argsort(-y, kind="stable")[:MAX_NAMES]:
        position = (np.array([x[row], y[row]]) - low) / np.maximum(high - low, 1e-9)
        if all(apart(position, other, LABEL_SIZE) for other in taken):
            taken.append(position)
            name = str(known["id"].iat[row])
            axes.annotate(name, (x[row], y[row]), xytext=(5, 3), textcoords="offset points", fontsize=7.5, color=INK)


def _lanes(genes: Sequence[Mapping[str, Any]], width: int) -> list[list[Mapping[str, Any]]]:
    """Genes in as few lanes as possible without overlapping bars or names."""
    lanes: list[list[Mapping[str, Any]]] = []
    for gene in genes:
        name_width = 0.016 * len(gene["name"]) * width
        free = next((lane for lane in lanes if _end(lane[-1], width) < gene["first"] - name_width / 2), None)
        if free is None:
            lanes.append(free := [])
        free.append(gene)
    return lanes


def _end(gene: Mapping[str, Any], width: int) -> float:
    """The position at which a gene's bar and name end."""
    middle = (gene["first"] + gene["last"]) / 2
    return float(max(gene["last"], middle + 0.008 * len(gene["name"]) * width))


def _genes(axes: Axes, lanes: Sequence[Sequence[Mapping[str, Any]]]) -> None:
    axes.set_ylim(-len(lanes) + 0.1 if lanes else -1, 0.75)
    axes.set_yticks([])
    axes.set_ylabel("genes", color=INK)
    axes.spines["left"].set_visible(False)
    if not lanes:
        axes.text(0.5, 0.4, "no SNP of this region is annotated to a gene", transform=axes.transAxes, ha="center",
                  color=GREY, fontsize=9)  # fmt: skip
    for number, lane in enumerate(lanes):
        for gene in lane:
            colour = colour_of("Gene")
            axes.plot([gene["first"], gene["last"]], [-number, -number], "-|", color=colour, linewidth=4, markersize=7)
            axes.annotate(gene["name"], ((gene["first"] + gene["last"]) / 2, -number), xytext=(0, 4), fontsize=8,
                          textcoords="offset points", ha="center", style="italic", annotation_clip=True)  # fmt: skip


def _legend(figure: Any, axes: Axes, about: Mapping[Any, Any]) -> None:
    from matplotlib.cm import ScalarMappable
    from matplotlib.colors import Normalize
    from matplotlib.lines import Line2D

    if about["ld"]:
        bar = figure.colorbar(ScalarMappable(Normalize(0, 1), LD_COLOURS), ax=axes, fraction=0.025, pad=0.01)
        bar.set_label(f"r² to {about['snp']}", fontsize=8)
        bar.ax.tick_params(labelsize=7)
    points: dict[str, Any] = {"marker": "o", "linestyle": "", "markersize": 5}
    handles = [
        Line2D([], [], marker="D", linestyle="", color=colour_of("SNP"), markersize=6, label=about["snp"]),
        Line2D([], [], color=UNKNOWN, label="no LD loaded", **points),
        Line2D([], [], color=GREY, linewidth=0.8, linestyle="--", label="p = 5e-8"),
    ]
    figure.legend(handles=handles, loc="outside upper right", ncols=3, frameon=False, fontsize=8)


def _note(snps: pd.DataFrame) -> str:
    """The notes below the picture: its sources and limits."""
    about = snps.attrs
    lines = [about["note"]]
    reports = f"{snps['neg_log10_p'].notna().sum()} of {len(snps)} SNPs have a report for {about['disease']}"
    if about["kinds_below"]:
        reports += f" or one of its {about['kinds_below']} narrower or equivalent concepts"
    lines.append(reports + "; a point is the strongest report.")
    lines.append("A gene's bar is the span of the SNPs annotated to it, not the gene itself.")
    if not about["ld"]:
        lines[-1] += " No LD to the SNP is loaded."
    if about["other_builds"]:
        lines.append(f"{about['other_builds']} SNPs with positions of another build are left out.")
    return "\n".join(lines)
