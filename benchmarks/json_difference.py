"""Compare two JSON values key by key, with a table of the values that may differ."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from fnmatch import fnmatchcase
from typing import Any

TIME = "time"  # seconds and dates of a run: not compared
PROSE = "wording"  # a sentence for a person: a difference is listed, but is no failure
FREE = "may differ"  # a value that a checkout may answer differently: listed, but no failure
EXACT = "value"

# Command, path of keys ("*" is any part of it, positions in a list are left out), and what the value is. The first rule
# that fits decides; what FREE names may differ with all that is below it. A value without a rule must be equal.
RULES: tuple[tuple[str, str, str], ...] = (
    ("sync", "seconds", TIME),
    ("sync", "steps.*", TIME),
    ("sync", "load.seconds", TIME),
    ("sync", "why", PROSE),  # of --dry-run
    ("status", "seconds", TIME),
    ("tasks", "weight of a pair", PROSE),
    ("models", "trained_at", TIME),
    ("models compare", "settings", FREE),  # they name the digests of statements and the settings of a release
    ("rejects", "reason", PROSE),
    ("recipe list", "question", PROSE),
    ("recipe", "fits", PROSE),  # how a drug acts, compared with the allele
    ("explain", "trained_on", FREE),
    ("explain", "tasks", FREE),
    ("explain", "*.seen", FREE),
    ("explain", "*.locus", PROSE),
    ("explain", "percentile.among", PROSE),
    ("explain", "summary", PROSE),
    ("explain", "contradictions", PROSE),
    ("explain", "cut", PROSE),
    ("locus", "note", PROSE),
)


@dataclass(frozen=True, slots=True)
class Difference:
    """One value that differs; `kind` is PROSE or FREE, else the difference is a failure."""

    path: str
    kind: str  # EXACT, "keys", "length" or "type" too
    before: Any
    after: Any

    @property
    def fails(self) -> bool:
        """Whether the two checkouts behave differently."""
        return self.kind not in (PROSE, FREE)

    @property
    def distance(self) -> float | None:
        """The absolute difference of two numbers, else None."""
        if self.kind != EXACT or any(
            isinstance(v, bool) or not isinstance(v, int | float) for v in (self.before, self.after)
        ):
            return None
        return abs(float(self.before) - float(self.after))

    def as_json(self) -> dict[str, Any]:
        """Plain values for the report."""
        return asdict(self)


def differences(command: str, before: Any, after: Any) -> list[Difference]:
    """All differences of two JSON values of one command, in the order of the first value."""
    return list(_walk(command, before, after, (), ""))


def replace_values(value: Any, names: Mapping[str, str]) -> Any:
    """The JSON value with every text that is a key of `names` replaced: model ids differ between checkouts."""
    if isinstance(value, dict):
        return {key: replace_values(v, names) for key, v in value.items()}
    if isinstance(value, list):
        return [replace_values(v, names) for v in value]
    return names.get(value, value) if isinstance(value, str) else value


def kind_of(command: str, keys: tuple[str, ...]) -> str:
    """What the value at a path of keys is: TIME, PROSE, FREE or EXACT."""
    path = ".".join(keys)
    return next((kind for name, pattern, kind in RULES if name == command and fnmatchcase(path, pattern)), EXACT)


def _walk(command: str, before: Any, after: Any, keys: tuple[str, ...], shown: str) -> Iterator[Difference]:
    kind = kind_of(command, keys)
    if kind == TIME and type(before) is type(after):
        return
    if kind == FREE:
        if not _equal(before, after):
            yield Difference(shown, FREE, before, after)
    elif type(before) is not type(after):
        yield Difference(shown, "type", before, after)
    elif isinstance(before, dict):
        if before.keys() != after.keys():
            yield Difference(shown, "keys", sorted(before.keys() - after.keys()), sorted(after.keys() - before.keys()))
        for key in before:
            if key in after:
                yield from _walk(command, before[key], after[key], (*keys, key), f"{shown}.{key}".lstrip("."))
    elif isinstance(before, list):
        if len(before) != len(after):
            yield Difference(shown, "length", len(before), len(after))
        for position, (left, right) in enumerate(zip(before, after, strict=False)):
            yield from _walk(command, left, right, keys, f"{shown}[{position}]")
    elif not _equal(before, after):
        yield Difference(shown, PROSE if kind == PROSE else EXACT, before, after)


def _equal(before: Any, after: Any) -> bool:
    """Whether two values are equal; two NaN are."""
    both = isinstance(before, float) and isinstance(after, float)
    return before == after or (both and math.isnan(before) and math.isnan(after))
