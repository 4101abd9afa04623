"""The picture of an explanation: two ends, the paths between them and what both share, coloured by kind."""

from __future__ import annotations

from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path
from textwrap import wrap
from typing import TYPE_CHECKING, Any

import networkx as nx

from generel_etl.errors import ModelError, UsageError
from generel_graph.plots.colours import GREY, INK, colour_of

if TYPE_CHECKING:
    import networkx as nx
    from matplotlib.axes import Axes
    from matplotlib.text import Text
    from matplotlib.transforms import Bbox

ENDINGS = (".png", ".svg")
DENIED = "#B00020"  # lines of statements that something does not hold
LETTERS, LINES = 24, 3  # of a node's label
LETTERS_OF_END = 16
TYPES = 2  # that a line's label names
ALONG = (0.5, 0.6, 0.4, 0.68, 0.32, 0.75, 0.25)  # where a line's label may stand, tried in this order
GAP = 0.05  # inches around labels


def check_picture(path: Path) -> None:
    """Raise UsageError for another ending than .png and .svg, ModelError without matplotlib."""
    if path.suffix.lower() not in ENDINGS:
        raise UsageError("a picture is a .png or a .svg", where="--picture", found=path.name, valid=ENDINGS)
    if find_spec("matplotlib") is None:
        raise ModelError(
            "matplotlib is not installed", where="picture", next_step="pip install 'generel-graph[plot]' brings it"
        )


def draw_evidence(graph: nx.MultiDiGraph[str], path: Path) -> Path:
    """Draw the graph of an `Explanation` into `path`, a .png or .svg; hubs are left out. The path.

    Raises UsageError, ModelError.
    """
    check_picture(path)
    from matplotlib import rc_context
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    shown = drawable(graph)
    where, height = spots(shown)
    figure = Figure(figsize=(WIDTH + 2 * MARGIN, height))
    FigureCanvasAgg(figure)
    axes = figure.add_axes((0, 0, 1, 1))
    axes.set_xlim(0, WIDTH + 2 * MARGIN)
    axes.set_ylim(0, height)
    axes.set_axis_off()
    labels = {node: _label(axes, where[node], data) for node, data in shown.nodes(data=True)}
    boxes = {node: _box(axes, text) for node, text in labels.items()}
    taken = list(boxes.values())
    for one, other in _pairs(shown, where):
        taken.append(_line(axes, shown, where, boxes, taken, one, other))
    axes.text(MARGIN, height - 0.25, graph.graph["title"], fontsize=11, color=INK, va="top", ha="left")
    _legend(axes, sorted({data["kind"] for _, data in shown.nodes(data=True)} - {""}))
    with rc_context({"svg.fonttype": "none", "svg.hashsalt": "generel-graph"}):
        figure.savefig(path, dpi=110, metadata={"Date": None} if path.suffix.lower() == ".svg" else None)
    return path


def _label(axes: Axes, spot: tuple[float, float], data: dict[str, Any]) -> Text:
    end = data["place"] in (0, 1)
    lines = wrap(data["name"], LETTERS_OF_END if end else LETTERS, break_long_words=False)
    said = "\n".join(lines[:LINES]) + (" …" if len(lines) > LINES else "")
    colour = colour_of(data["kind"])
    box = {"boxstyle": "round,pad=0.4", "facecolor": colour, "edgecolor": INK if end else "none", "linewidth": 1.2}
    return axes.text(
        *spot,
        said,
        ha="center",
        va="center",
        fontsize=10 if end else 8.5,
        fontweight="bold" if end else "normal",
        color=_ink(colour),
        bbox=box,
        zorder=3,
    )


def _ink(colour: str) -> str:
    """White or dark text, whichever is read more easily on a colour."""
    red, green, blue = (int(colour[i : i + 2], 16) for i in (1, 3, 5))
    return INK if 0.299 * red + 0.587 * green + 0.114 * blue > 165 else "white"


def _box(axes: Axes, text: Text) -> Bbox:
    """What a label covers, with its box, in inches."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg

    canvas = axes.figure.canvas
    assert isinstance(canvas, FigureCanvasAgg)
    text.update_bbox_position_size(canvas.get_renderer())  # type: ignore[no-untyped-call]
    patch = text.get_bbox_patch()
    extent = text.get_window_extent() if patch is None else patch.get_window_extent()
    return extent.transformed(axes.transData.inverted()).padded(GAP)


def _pairs(graph: nx.MultiDiGraph[str], where: Spots) -> list[tuple[str, str]]:
    """The nodes that are joined, each pair once, from left to right; what stands in one column is not told apart."""
    pairs = {(a, b) if where[a] < where[b] else (b, a) for a, b in graph.edges() if where[a][0] != where[b][0]}
    return sorted(pairs)


def _line(
    axes: Axes,
    graph: nx.MultiDiGraph[str],
    where: Spots,
    boxes: dict[str, Bbox],
    taken: Sequence[Bbox],
    one: str,
    other: str,
) -> Bbox:
    """Draw what joins two nodes, with its label where it covers nothing; the label's box."""
    forth, back = (_edges(graph, *pair) for pair in ((one, other), (other, one)))
    directed = [(some, any(not edge["symmetric"] for edge in some)) for some in (forth, back)]
    denied = any(edge["negative"] for edge in (*forth, *back))
    style = ("<" if directed[1][1] else "") + "-" + (">" if directed[0][1] else "")
    begin, end = _edge_of(where[one], where[other], boxes[one]), _edge_of(where[other], where[one], boxes[other])
    arrow = {"arrowstyle": style, "color": DENIED if denied else GREY, "shrinkA": 0, "shrinkB": 0, "linewidth": 1.1}
    axes.annotate("", xy=end, xytext=begin, arrowprops=arrow, zorder=1)
    types = list(dict.fromkeys(edge["type"] for edge in (*forth, *back)))
    said = "\n".join(types[:TYPES]) + (" …" if len(types) > TYPES else "")
    text = axes.text(
        *begin, said, fontsize=6.5, color=DENIED if denied else GREY, ha="center", va="center", zorder=2,
        bbox={"boxstyle": "square,pad=0.1", "facecolor": "white", "edgecolor": "none"},
    )  # fmt: skip
    tried: list[tuple[int, int, tuple[float, float], Bbox]] = []
    for share in ALONG:
        text.set_position((begin[0] + share * (end[0] - begin[0]), begin[1] + share * (end[1] - begin[1])))
        box = _box(axes, text)
        covered = sum(box.overlaps(other_box) for other_box in taken)
        tried.append((covered, len(tried), text.get_position(), box))
        if not covered:
            break
    _, _, spot, box = min(tried, key=lambda attempt: attempt[:2])
    text.set_position(spot)
    return box


def _edges(graph: nx.MultiDiGraph[str], start: str, end: str) -> list[dict[str, Any]]:
    return list((graph.get_edge_data(start, end) or {}).values())


def _edge_of(here: tuple[float, float], there: tuple[float, float], box: Bbox) -> tuple[float, float]:
    """Where the line from the middle of a box to somewhere else leaves it."""
    dx, dy = there[0] - here[0], there[1] - here[1]
    shares = [half / abs(d) for half, d in ((box.width / 2, dx), (box.height / 2, dy)) if d]
    share = min([*shares, 1.0])
    return here[0] + share * dx, here[1] + share * dy


def _legend(axes: Axes, kinds: Sequence[str]) -> None:
    from matplotlib.patches import Patch

    patches = [Patch(facecolor=colour_of(kind), label=kind) for kind in kinds]
    axes.legend(handles=patches, loc="lower center", ncols=max(1, len(patches)), frameon=False, fontsize=8)


HUB = 1_000  # edges; a node with more is not drawn
MOST = 10  # nodes between the ends, those of the highest score
WIDTH, ROW, BOTTOM = 11.0, 0.82, 0.75  # inches: between the ends, from row to row, below the last
MARGIN = 1.15  # of an end from the picture's side
Spots = dict[str, tuple[float, float]]


def drawable(graph: nx.MultiDiGraph[str]) -> nx.MultiDiGraph[str]:
    """The ends, and what of the rest is no hub and still leads from the one to the other."""
    inner = [n for n, data in graph.nodes(data=True) if 0 < data["place"] < 1]
    kept = sorted((n for n in inner if graph.nodes[n]["degree"] <= HUB), key=lambda n: (-graph.nodes[n]["score"], n))
    nodes = {n for n in graph if n not in inner} | set(kept[:MOST])
    while True:
        dead = {n for n in nodes & set(inner) if not _leads_on(graph, n, nodes)}
        if not dead:
            return graph.subgraph(nodes)
        nodes -= dead


def spots(graph: nx.MultiDiGraph[str]) -> tuple[Spots, float]:
    """Where each node stands, in inches from the lower left, and the picture's height.

    What is one step from both ends stands above the line of the ends, the columns of longer paths below it; where there
    is but one of the two, half of it stands above and half below.
    """
    place = {n: float(data["place"]) for n, data in graph.nodes(data=True)}
    middle = _by_score(graph, [n for n, at in place.items() if at == 0.5])
    first = _by_score(graph, [n for n, at in place.items() if 0 < at < 0.5])
    second = _near(graph, _by_score(graph, [n for n, at in place.items() if 0.5 < at < 1]), first)
    longest = max(len(first), len(second))
    parts: list[tuple[list[str], list[str]]]
    if middle and longest:
        parts = [(middle, []), ([], first), ([], second)]
    else:
        parts = [(column[: len(column) // 2], column[len(column) // 2 :]) for column in (middle, first, second)]
    above, below = (max(len(part[side]) for part in parts) for side in (0, 1))
    line = BOTTOM + ROW * (below + 0.35)
    found: Spots = {n: (MARGIN + WIDTH * at, line) for n, at in place.items() if at in (0, 1)}
    for over, under in parts:
        for row, n in enumerate(reversed(over), start=1):
            found[n] = (MARGIN + WIDTH * place[n], line + ROW * (row + (above - len(over)) / 2))
        for row, n in enumerate(under, start=1):
            found[n] = (MARGIN + WIDTH * place[n], line - ROW * (row + (below - len(under)) / 2))
    return found, line + ROW * (above + 1.3)


def _leads_on(graph: nx.MultiDiGraph[str], node: str, nodes: set[str]) -> bool:
    """Whether a node has neighbours on both sides of it."""
    at = graph.nodes[node]["place"]
    near = [graph.nodes[n]["place"] for n in {*graph.successors(node), *graph.predecessors(node)} & nodes]
    return any(other < at for other in near) and any(other > at for other in near)


def _by_score(graph: nx.MultiDiGraph[str], nodes: Sequence[str]) -> list[str]:
    return sorted(nodes, key=lambda n: (-graph.nodes[n]["score"], n))


def _near(graph: nx.MultiDiGraph[str], column: Sequence[str], other: Sequence[str]) -> list[str]:
    """A column in the order of what its nodes are joined to in the other, so that few lines cross."""
    row = {n: i for i, n in enumerate(other)}

    def mean(node: str) -> float:
        near = [row[n] for n in {*graph.successors(node), *graph.predecessors(node)} if n in row]
        return sum(near) / len(near) if near else 0.0

    return sorted(column, key=mean)
