"""Plots of the results, drawn from the JSON files: `python benchmarks/plots.py RESULTS.json`."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import matplotlib

matplotlib.use("Agg")
from matplotlib import pyplot as plt
from matplotlib.axes import Axes

OURS, PEER, LINE = "#0b6e6e", "#b9b9b9", "#c0392b"


def load(path: Path) -> Path:
    """Seconds of each stage of the first load, and edges per second of each loader over Bolt."""
    results = json.loads(path.read_text(encoding="utf-8"))
    figure, (left, right) = plt.subplots(1, 2, figsize=(10, 4.2), layout="constrained")
    runs = [s["run"] for s in results["stages"] if s["run"].startswith("first load")]
    stages = [s for s in results["stages"] if s["run"] == runs[-1] and s["stage"] != "all"]
    names = [s["stage"] for s in stages]
    _bars(left, names, [s["seconds"] for s in stages], [OURS] * len(names), "{:.1f}")
    total = next(s["seconds"] for s in results["stages"] if s["run"] == runs[-1] and s["stage"] == "all")
    left.set_title(f"{runs[-1]}: {total:.0f} s in total", fontsize=10)
    left.set_xlabel("seconds")
    rates: dict[str, float] = {}
    for entry in results["figures"]:
        if entry["unit"] == "edges/s":
            rates[f"ours, {entry['name'].partition(': ')[2]}"] = entry["ours"]
            if entry["peer"]:
                rates[entry["peer_name"]] = entry["peer"]
        elif entry["name"] == "first load":
            edges = results["arguments"]["edges"]
            rates["ours, first load"] = edges / entry["ours"]
    colours = [OURS if name.startswith("ours") else PEER for name in rates]
    _bars(right, list(rates), list(rates.values()), colours, "{:,.0f}")
    right.set_title("edges per second", fontsize=10)
    return _save(figure, path)


def write_back(path: Path) -> Path:
    """Our and the peer's vectors per second, for each server and dimension."""
    results = json.loads(path.read_text(encoding="utf-8"))
    figure, axes = plt.subplots(figsize=(7, 3), layout="constrained")
    names, values, colours = [], [], []
    for entry in results["figures"]:
        for who, colour in (("ours", OURS), ("peer", PEER)):
            names.append(f"{entry['name']}: {entry['peer_name'] if who == 'peer' else who}")
            values.append(entry[who])
            colours.append(colour)
    _bars(axes, names, values, colours, "{:,.0f}")
    axes.set_title("vectors per second", fontsize=10)
    return _save(figure, path)


def rates(path: Path) -> Path:
    """Our and the peer's values of each figure that has a peer, one plot per unit."""
    results = json.loads(path.read_text(encoding="utf-8"))
    units: dict[str, list[tuple[str, float, str]]] = {}
    for entry in results["figures"]:
        lines = units.setdefault(entry["unit"], [])
        own = (f"{entry['name']}: ours", entry["ours"], OURS)
        lines += [] if own in lines else [own]  # once, also with several peers
        if entry["peer"]:
            lines.append((f"{entry['name']}: {entry['peer_name']}", entry["peer"], PEER))
    sizes = [len(lines) for lines in units.values()]
    figure, axes = plt.subplots(
        len(units), 1, figsize=(10, 0.8 * len(units) + 0.3 * sum(sizes)), layout="constrained", squeeze=False,
        height_ratios=sizes,
    )  # fmt: skip
    for panel, (unit, lines) in zip(axes[:, 0], units.items(), strict=True):
        names, values, colours = zip(*lines, strict=True)
        _bars(panel, list(names), list(values), list(colours), "{:,.4g}" if max(values) < 100 else "{:,.0f}")
        panel.set_title(unit, fontsize=10)
    return _save(figure, path)


def _bars(axes: Axes, names: list[str], values: list[float], colours: list[str], number_format: str) -> None:
    bars = axes.barh(names, values, color=colours)
    axes.bar_label(bars, [number_format.format(v) for v in values], padding=3, fontsize=8)
    axes.invert_yaxis()
    axes.tick_params(labelsize=8)
    axes.margins(x=0.15)
    axes.spines[["top", "right"]].set_visible(False)


def _save(figure: Any, path: Path) -> Path:
    target = path.with_suffix(".png")
    figure.savefig(target, dpi=90)
    plt.close(figure)
    return target


if __name__ == "__main__":
    path = Path(sys.argv[1])
    (write_back if path.stem.startswith("write_back") else load if path.stem.startswith("load") else rates)(path)
