"""Constraints on the fields of the configuration: declared in annotations, checked for every new section."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from math import inf, isfinite
from typing import Annotated, Any, get_type_hints

from generel_etl.errors import ConfigError


@dataclass(frozen=True, slots=True)
class OneOf:
    """Constraint: the value is one of these names."""

    names: tuple[str, ...]

    def check(self, value: Any, where: str) -> None:
        """Raise ConfigError, with the nearest name, for any other value."""
        if value not in self.names:
            raise ConfigError("invalid value", where=where, found=value, valid=self.names)


@dataclass(frozen=True, slots=True)
class Within:
    """Constraint: the value is a finite number, low ≤ value ≤ high."""

    low: float
    high: float = inf

    def check(self, value: Any, where: str) -> None:
        """Raise ConfigError for any other value."""
        if not (isfinite(value) and self.low <= value <= self.high):
            top = "" if self.high == inf else f" and at most {self.high:g}"
            raise ConfigError(f"must be at least {self.low:g}{top}", where=where, found=value)


Count = Annotated[int, Within(0)]
Size = Annotated[int, Within(1)]
Amount = Annotated[float, Within(0)]
Share = Annotated[float, Within(0, 1)]
Dropout = Annotated[float, Within(0, 0.99)]
Port = Annotated[int, Within(0, 65_535)]
Mode = Annotated[str, OneOf(("frozen", "lora", "full"))]
NumberFormat = Annotated[str, OneOf(("auto", "float32", "bfloat16"))]
LossName = Annotated[str, OneOf(("info_nce", "multi_similarity"))]
SplitName = Annotated[str, OneOf(("pair", "locus", "chromosome", "concept"))]


def check_field(kind: Any, name: str, value: Any, where: str) -> None:
    """Raise ConfigError if a value violates the constraints in the annotation of the field."""
    for constraint in _constraints(kind)[name]:
        constraint.check(value, where)


@cache  # annotations are strings and slow to evaluate: once for each class, not for each field
def _constraints(kind: type[Any]) -> dict[str, tuple[OneOf | Within, ...]]:
    hints = get_type_hints(kind, include_extras=True)
    return {name: getattr(hint, "__metadata__", ()) for name, hint in hints.items()}


class Checked:
    """Base class of sections: checks every field when an instance is created."""

    __slots__ = ()

    def __post_init__(self) -> None:
        section = type(self).__name__.removesuffix("Config").lower()
        kind: Any = type(self)
        for name in _constraints(kind):
            check_field(kind, name, getattr(self, name), f"{section}.{name}")
