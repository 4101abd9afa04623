"""What a benchmark says: one JSON line a figure on stdout, the same in `results/`, and what the machine was like."""

from __future__ import annotations

import json
import os
import platform
from dataclasses import dataclass, field, replace
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import psutil

RESULTS = Path(__file__).parent / "results"
PACKAGES = ("neo4j", "polars", "numpy", "graphio", "neo4j-graphrag", "torch", "sentence-transformers", "onnxruntime")


@dataclass(frozen=True, slots=True)
class Figure:
    """One measured figure beside a peer's from the same run, and the bars that it is held against."""

    name: str
    ours: float
    unit: str
    peer: float | None = None
    peer_name: str = ""
    less_is_better: bool = False  # seconds and bytes
    bar: float | None = None  # for `ours`
    bar_ratio: float | None = None  # for `ratio`

    @property
    def ratio(self) -> float | None:
        """How many times better than the peer's."""
        if not self.peer or not self.ours:
            return None
        return self.peer / self.ours if self.less_is_better else self.ours / self.peer

    @property
    def met(self) -> bool | None:
        """Whether every bar is met; None if there is none."""
        held = []
        if self.bar is not None:
            held.append(self.ours <= self.bar if self.less_is_better else self.ours >= self.bar)
        if self.bar_ratio is not None and self.ratio is not None:
            held.append(self.ratio >= self.bar_ratio)
        return all(held) if held else None

    def as_json(self) -> dict[str, Any]:
        """The figure as it is printed, numbers to four digits."""
        ratio = self.ratio
        return {
            "name": self.name,
            "ours": _digits(self.ours),
            "peer": None if self.peer is None else _digits(self.peer),
            "ratio": None if ratio is None else _digits(ratio),
            "unit": self.unit,
            "peer_name": self.peer_name or None,
            "bar": self.bar,
            "bar_ratio": self.bar_ratio,
            "met": self.met,
        }


def machine() -> dict[str, Any]:
    """The machine in words, what else ran on it (load of one minute), and the packages measured."""
    facts = Path("/proc/cpuinfo")
    lines = facts.read_text(encoding="utf-8").splitlines() if facts.exists() else []
    models = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return {
        "cores": os.cpu_count(),
        "processor": models[0] if models else platform.processor(),
        "memory_gib": round(psutil.virtual_memory().total / 2**30, 1),
        "system": f"{platform.system()} {platform.machine()}, Python {platform.python_version()}",
        "load_at_start": os.getloadavg()[0],
        "packages": {name: _version(name) for name in PACKAGES},
    }


@dataclass(slots=True)
class Results:
    """All that one run of a benchmark finds; `write` keeps it."""

    name: str
    arguments: dict[str, Any]
    machine: dict[str, Any] = field(default_factory=machine)
    figures: list[Figure] = field(default_factory=list)
    stages: list[dict[str, Any]] = field(default_factory=list)

    def figure(self, figure: Figure) -> None:
        """Print and keep a figure; a quick run is held against no bar."""
        if self.arguments.get("quick"):
            figure = replace(figure, bar=None, bar_ratio=None)
        self.figures.append(figure)
        print(json.dumps(figure.as_json()), flush=True)

    def stage(self, run: str, name: str, seconds: float, **more: Any) -> None:
        """Print and keep the seconds of one stage of one run."""
        line = {"run": run, "stage": name, "seconds": round(seconds, 2), **more}
        self.stages.append(line)
        print(json.dumps(line), flush=True)

    def write(self, folder: Path = RESULTS) -> Path:
        """Write `<folder>/<name>.json`; returns its path."""
        folder.mkdir(parents=True, exist_ok=True)
        path = folder / f"{self.name}.json"
        whole = {
            "machine": self.machine | {"load_at_end": os.getloadavg()[0]},
            "arguments": self.arguments,
            "figures": [f.as_json() for f in self.figures],
            "stages": self.stages,
        }
        path.write_text(json.dumps(whole, indent=1) + "\n", encoding="utf-8")
        return path


def peak_bytes(pid: int | str = "self") -> int:
    """The most memory that a process ever held (Linux's VmHWM, which a fork does not inherit); 0 if it is gone."""
    try:
        status = Path(f"/proc/{pid}/status").read_text(encoding="utf-8")
    except OSError:
        return 0
    found = [line.split()[1] for line in status.splitlines() if line.startswith("VmHWM")]
    return int(found[0]) * 1024 if found else 0


def _version(name: str) -> str | None:
    """Of a package; None where it is not installed, since no script needs all of them."""
    try:
        return version(name)
    except PackageNotFoundError:
        return None


def _digits(number: float) -> float:
    return float(f"{number:.4g}")
