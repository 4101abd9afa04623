"""The space in two dimensions: a picture, and an interactive page with zoom, hover text and filters."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from generel_etl.errors import UsageError
from generel_graph.plots.colours import ColourGroup, groups_of
from generel_graph.plots.labels import label_positions, labelled_rows
from generel_graph.plots.libraries import require

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes

PAGES = (".html", ".htm")
INK, MARK, GREY = "#222222", "#111111", "#8A8A8A"
MIN_LABELLED_SHARE = 0.004  # of all points: smaller groups have no label in the picture
MARKS = ("o", "s", "^", "D", "v", "P", "X", "*")  # shapes of the hits of each marked text; plotly's names below
SYMBOLS = ("circle-open", "square-open", "triangle-up-open", "diamond-open", "triangle-down-open", "cross-open")
MAX_NAMES = 4  # hits of a marked text with a name in the picture


def draw_map(
    nodes: pd.DataFrame,
    page: Path,
    by: str = "kind",
    marks: Mapping[str, Sequence[str]] | None = None,
    title: str = "",
) -> tuple[Path, Path]:
    """Draw all nodes (id, kind, name, source, chromosome, x, y) as the page `page` and as a PNG of the same name.

    `by`: "kind", "source" or "chromosome", which the colours show. `marks`: for each text, the ids of its hits, best
    first. The page is one file that works without a network. Raises UsageError for another colouring or file
    extension, ModelError without matplotlib or plotly.
    """
    require("matplotlib", "plotly")
    if page.suffix.lower() not in PAGES:
        raise UsageError("a map is an HTML page", where="-o", found=page.name, valid=PAGES)
    groups = groups_of(nodes, by)
    row = {id_: number for number, id_ in enumerate(nodes["id"])}
    marked = {text: np.array([row[i] for i in ids if i in row], dtype=np.int64) for text, ids in (marks or {}).items()}
    page.parent.mkdir(parents=True, exist_ok=True)
    picture = page.with_suffix(".png")
    _picture(nodes, groups, marked, title, picture)
    _page(nodes, groups, marked, title, page)
    return page, picture


def _picture(
    nodes: pd.DataFrame, groups: Sequence[ColourGroup], marked: Mapping[str, NDArray[np.int64]], title: str, path: Path
) -> None:
    from matplotlib.colors import to_rgb
    from matplotlib.figure import Figure
    from matplotlib.lines import Line2D

    points = nodes[["x", "y"]].to_numpy(dtype=np.float64)
    figure = Figure(figsize=(11, 8.2), layout="constrained")
    axes = figure.subplots()
    axes.set_aspect("equal", adjustable="box")
    axes.set_axis_off()
    axes.margins(0.02)
    colours = np.empty((len(points), 3))
    for group in groups:
        colours[group.rows] = to_rgb(group.colour)
    order = np.random.default_rng(0).permutation(len(points))  # random order, so that no group covers the others
    size = float(np.clip(60_000 / max(len(points), 1), 0.35, 14))
    x, y = points[order].T
    axes.scatter(x, y, s=size, c=colours[order], alpha=0.65, linewidths=0)
    shown = [group for group in groups if len(group.rows) >= MIN_LABELLED_SHARE * len(points)]
    for group, position in zip(shown, label_positions(points, [group.rows for group in shown]), strict=True):
        _label(axes, group.name, position, group.colour, 12)
    handles = [
        Line2D([], [], marker="o", linestyle="", color=g.colour, label=f"{g.name}  {len(g.rows):,}") for g in groups
    ]
    for number, (text, rows) in enumerate(marked.items()):
        shape = MARKS[number % len(MARKS)]
        x, y = points[rows].T
        axes.scatter(x, y, s=70, marker=shape, facecolors="none", edgecolors=MARK, linewidths=1.3, zorder=3)
        for hit in labelled_rows(points, rows, MAX_NAMES):
            _label(axes, str(nodes["name"].iat[hit]), points[hit], INK, 7.5)
        handles.append(
            Line2D(
                [], [], marker=shape, linestyle="", markerfacecolor="none", markeredgecolor=MARK, label=f"near “{text}”"
            )
        )
    figure.legend(handles=handles, loc="outside right upper", frameon=False, fontsize=9)
    figure.suptitle(title, x=0.01, ha="left", fontsize=12)
    figure.text(
        0.01,
        0.005,
        "Neighbours in the picture are similar in the space; larger distances have no meaning.",
        fontsize=8,
        color=GREY,
    )
    figure.savefig(path, dpi=150)


def _label(axes: Axes, text: str, position: NDArray[np.float64], colour: str, size: float) -> None:
    from matplotlib.colors import to_rgb
    from matplotlib.patheffects import withStroke

    effects = [withStroke(linewidth=3, foreground="white")]
    red, green, blue = (0.72 * part for part in to_rgb(colour))
    dark = (red, green, blue)
    x, y = map(float, position)
    axes.text(x, y, text, fontsize=size, fontweight="bold", color=dark, ha="center", va="center", path_effects=effects)


def _page(
    nodes: pd.DataFrame, groups: Sequence[ColourGroup], marked: Mapping[str, NDArray[np.int64]], title: str, path: Path
) -> None:
    from plotly.graph_objects import Figure, Scattergl

    x, y = (nodes[axis].to_numpy(dtype=np.float32) for axis in ("x", "y"))
    names, ids, kinds = (nodes[column].map(escape).to_numpy() for column in ("name", "id", "kind"))
    size = float(np.clip(900 / max(len(nodes), 1) ** 0.5, 2.5, 7))
    figure = Figure()

    def add(name: str, rows: NDArray[np.int64], marker: dict[str, object]) -> None:
        details = np.stack([ids[rows], kinds[rows]], axis=1) if len(rows) else None
        hover = "<b>%{text}</b><br>%{customdata[0]}<br>%{customdata[1]}<extra></extra>"
        figure.add_trace(
            Scattergl(
                x=x[rows], y=y[rows], text=names[rows], customdata=details, hovertemplate=hover, mode="markers",
                name=escape(name), marker=marker,
            )
        )  # fmt: skip

    for group in groups:
        add(f"{group.name} ({len(group.rows):,})", group.rows, {"color": group.colour, "size": size, "opacity": 0.7})
    for number, (text, rows) in enumerate(marked.items()):
        symbol = SYMBOLS[number % len(SYMBOLS)]
        add(f"near “{text}”", rows, {"color": MARK, "size": 13, "symbol": symbol, "line": {"width": 2}})
    figure.update_layout(
        title={"text": escape(title), "x": 0.01}, dragmode="pan", hovermode="closest", template="plotly_white",
        legend={"itemsizing": "constant"}, margin={"l": 10, "r": 10, "t": 50, "b": 10},
        xaxis={"visible": False}, yaxis={"visible": False, "scaleanchor": "x"},
    )  # fmt: skip
    config = {"scrollZoom": True, "displaylogo": False, "responsive": True}
    figure.write_html(path, include_plotlyjs=True, include_mathjax=False, config=config, div_id="map")
