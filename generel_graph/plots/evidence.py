"""The picture of an explanation: two endpoints, the paths between them and their shared neighbours, by kind."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from textwrap import wrap
from typing import TYPE_CHECKING, Any

from generel_graph.plots import libraries
from generel_graph.plots.colours import GREY, INK, colour_of
from generel_graph.plots.evidence_layout import MARGIN, WIDTH, Positions, drawable, node_positions

if TYPE_CHECKING:
    import networkx as nx
    from matplotlib.axes import Axes
    from matplotlib.text import Text
    from matplotlib.transforms import Bbox

FORMATS = (".png", ".svg")
NEGATIVE = "#B00020"  # lines of NOT_ edges
LETTERS, LINES = 24, 3  # of a node's label
ENDPOINT_LETTERS = 16
MAX_TYPES = 2  # in a line's label
LABEL_SHARES = (0.5, 0.6, 0.4, 0.68, 0.32, 0.75, 0.25)  # of a line: positions of its label, in the order of trial
GAP = 0.05  # inches around labels


def check_picture(path: Path) -> None:
    """Raise UsageError for another extension than .png and .svg, ModelError without matplotlib."""
    libraries.check_picture(path, FORMATS, "--picture")
    libraries.require("matplotlib")


def draw_evidence(graph: nx.MultiDiGraph[str], path: Path) -> Path:
    """Draw the graph of an `Explanation` without its hubs to `path`, a .png or .svg; returns the path.

    Raises UsageError for another extension, ModelError without matplotlib.
    """
    check_picture(path)
    from matplotlib import rc_context
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    shown = drawable(graph)
    positions, height = node_positions(shown)
    figure = Figure(figsize=(WIDTH + 2 * MARGIN, height))
    FigureCanvasAgg(figure)
    axes = figure.add_axes((0, 0, 1, 1))
    axes.set_xlim(0, WIDTH + 2 * MARGIN)
    axes.set_ylim(0, height)
    axes.set_axis_off()
    labels = {node: _label(axes, positions[node], data) for node, data in shown.nodes(data=True)}
    boxes = {node: _box(axes, text) for node, text in labels.items()}
    taken = list(boxes.values())
    for left, right in _linked_pairs(shown, positions):
        taken.append(_line(axes, shown, positions, boxes, taken, left, right))
    axes.text(MARGIN, height - 0.25, graph.graph["title"], fontsize=11, color=INK, va="top", ha="left")
    _legend(axes, sorted({data["kind"] for _, data in shown.nodes(data=True)} - {""}))
    with rc_context({"svg.fonttype": "none", "svg.hashsalt": "generel-graph"}):
        figure.savefig(path, dpi=110, metadata={"Date": None} if path.suffix.lower() == ".svg" else None)
    return path


def _label(axes: Axes, position: tuple[float, float], data: dict[str, Any]) -> Text:
    is_endpoint = data["place"] in (0, 1)
    lines = wrap(data["name"], ENDPOINT_LETTERS if is_endpoint else LETTERS, break_long_words=False)
    label = "\n".join(lines[:LINES]) + (" …" if len(lines) > LINES else "")
    colour = colour_of(data["kind"])
    box = {
        "boxstyle": "round,pad=0.4",
        "facecolor": colour,
        "edgecolor": INK if is_endpoint else "none",
        "linewidth": 1.2,
    }
    return axes.text(
        *position,
        label,
        ha="center",
        va="center",
        fontsize=10 if is_endpoint else 8.5,
        fontweight="bold" if is_endpoint else "normal",
        color=_text_colour(colour),
        bbox=box,
        zorder=3,
    )


def _text_colour(colour: str) -> str:
    """White or dark, whichever has the better contrast on a colour."""
    red, green, blue = (int(colour[i : i + 2], 16) for i in (1, 3, 5))
    return INK if 0.299 * red + 0.587 * green + 0.114 * blue > 165 else "white"


def _box(axes: Axes, text: Text) -> Bbox:
    """The area that a label covers with its box, in inches."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg

    canvas = axes.figure.canvas
    assert isinstance(canvas, FigureCanvasAgg)
    text.update_bbox_position_size(canvas.get_renderer())  # type: ignore[no-untyped-call]
    patch = text.get_bbox_patch()
    extent = text.get_window_extent() if patch is None else patch.get_window_extent()
    return extent.transformed(axes.transData.inverted()).padded(GAP)


def _linked_pairs(graph: nx.MultiDiGraph[str], positions: Positions) -> list[tuple[str, str]]:
    """Linked nodes, each pair once, from left to right; pairs within one column are left out."""
    pairs = {
        (a, b) if positions[a] < positions[b] else (b, a)
        for a, b in graph.edges()
        if positions[a][0] != positions[b][0]
    }
    return sorted(pairs)


def _line(
    axes: Axes,
    graph: nx.MultiDiGraph[str],
    positions: Positions,
    boxes: dict[str, Bbox],
    taken: Sequence[Bbox],
    left: str,
    right: str,
) -> Bbox:
    """Draw the line between two nodes with its label where it covers least; the label's box."""
    forward, backward = (_edges(graph, *pair) for pair in ((left, right), (right, left)))
    points_right, points_left = (any(not edge["symmetric"] for edge in edges) for edges in (forward, backward))
    negative = any(edge["negative"] for edge in (*forward, *backward))
    style = ("<" if points_left else "") + "-" + (">" if points_right else "")
    begin = _border(positions[left], positions[right], boxes[left])
    end = _border(positions[right], positions[left], boxes[right])
    arrow = {"arrowstyle": style, "color": NEGATIVE if negative else GREY, "shrinkA": 0, "shrinkB": 0, "linewidth": 1.1}
    axes.annotate("", xy=end, xytext=begin, arrowprops=arrow, zorder=1)
    types = list(dict.fromkeys(edge["type"] for edge in (*forward, *backward)))
    label = "\n".join(types[:MAX_TYPES]) + (" …" if len(types) > MAX_TYPES else "")
    text = axes.text(
        *begin, label, fontsize=6.5, color=NEGATIVE if negative else GREY, ha="center", va="center", zorder=2,
        bbox={"boxstyle": "square,pad=0.1", "facecolor": "white", "edgecolor": "none"},
    )  # fmt: skip
    attempts: list[tuple[int, int, tuple[float, float], Bbox]] = []
    for share in LABEL_SHARES:
        text.set_position((begin[0] + share * (end[0] - begin[0]), begin[1] + share * (end[1] - begin[1])))
        box = _box(axes, text)
        covered = sum(box.overlaps(other_box) for other_box in taken)
        attempts.append((covered, len(attempts), text.get_position(), box))
        if not covered:
            break
    _, _, position, box = min(attempts, key=lambda attempt: attempt[:2])
    text.set_position(position)
    return box


def _edges(graph: nx.MultiDiGraph[str], start: str, end: str) -> list[dict[str, Any]]:
    return list((graph.get_edge_data(start, end) or {}).values())


def _border(centre: tuple[float, float], target: tuple[float, float], box: Bbox) -> tuple[float, float]:
    """The point at which the line from the centre of a box to a target leaves the box."""
    dx, dy = target[0] - centre[0], target[1] - centre[1]
    shares = [half / abs(d) for half, d in ((box.width / 2, dx), (box.height / 2, dy)) if d]
    share = min([*shares, 1.0])
    return centre[0] + share * dx, centre[1] + share * dy


def _legend(axes: Axes, kinds: Sequence[str]) -> None:
    from matplotlib.patches import Patch

    patches = [Patch(facecolor=colour_of(kind), label=kind) for kind in kinds]
    axes.legend(handles=patches, loc="lower center", ncols=max(1, len(patches)), frameon=False, fontsize=8)
