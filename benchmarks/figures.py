"""Results of a benchmark: one JSON line per figure on stdout and in `results/`, and a description of the machine."""

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
    """One measured figure with a peer's from the same run, and the targets (bars) of the project."""

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
        """How many times better ours is than the peer's."""
        if not self.peer or not self.ours:
            return None
        return self.peer / self.ours if self.less_is_better else self.ours / self.peer

    @property
    def met(self) -> bool | None:
        """Whether every target is met; None if there is none."""
        met = []
        if self.bar is not None:
            met.append(self.ours <= self.bar if self.less_is_better else self.ours >= self.bar)
        if self.bar_ratio is not None and self.ratio is not None:
            met.append(self.ratio >= self.bar_ratio)
        return all(met) if met else None

    def as_json(self) -> dict[str, Any]:
        """The figure as it is printed, with four significant digits."""
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
    """The machine, its load (average of one minute), and the versions of the measured packages."""
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
    """All results of one run of a benchmark."""

    name: str
    arguments: dict[str, Any]
    machine: dict[str, Any] = field(default_factory=machine)
    figures: list[Figure] = field(default_factory=list)
    stages: list[dict[str, Any]] = field(default_factory=list)

    def figure(self, figure: Figure) -> None:
        """Print and record a figure; a quick run has no targets."""
        if self.arguments.get("quick"):
            figure = replace(figure, bar=None, bar_ratio=None)
        self.figures.append(figure)
        print(json.dumps(figure.as_json()), flush=True)

    def stage(self, run: str, name: str, seconds: float, **more: Any) -> None:
        """Print and record the seconds of one stage of one run."""
        line = {"run": run, "stage": name, "seconds": round(seconds, 2), **more}
        self.stages.append(line)
        print(json.dumps(line), flush=True)

    def write(self, folder: Path = RESULTS) -> Path:
        """Write `<folder>/<name>.json`; returns its path."""
        folder.mkdir(parents=True, exist_ok=True)
        path = folder / f"{self.name}.json"
        contents = {
            "machine": self.machine | {"load_at_end": os.getloadavg()[0]},
            "arguments": self.arguments,
            "figures": [f.as_json() for f in self.figures],
            "stages": self.stages,
        }
        path.write_text(json.dumps(contents, indent=1) + "\n", encoding="utf-8")
        return path


def peak_bytes(pid: int | str = "self") -> int:
    """The peak memory of a process (Linux's VmHWM, which a fork does not inherit); 0 if the process has ended."""
    try:
        status = Path(f"/proc/{pid}/status").read_text(encoding="utf-8")
    except OSError:
        return 0
    peaks = [line.split()[1] for line in status.splitlines() if line.startswith("VmHWM")]
    return int(peaks[0]) * 1024 if peaks else 0


def _version(name: str) -> str | None:
    """The version of a package; None if it is not installed, because no script needs all of them."""
    try:
        return version(name)
    except PackageNotFoundError:
        return None


def _digits(number: float) -> float:
    return float(f"{number:.4g}")
