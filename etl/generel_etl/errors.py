"""Every error that a user can meet: one root, and one class for each thing that can be put right."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches


class GenerelError(Exception):
    """Something that the user can put right; its text says what, where, what is valid and the next step.

    The values stay on the error as attributes. `exit_code` is what the command line ends with:
    1 the work failed, 2 the call or the configuration is wrong.
    """

    exit_code = 1

    def __init__(
        self,
        what: str,
        *,
        where: object = "",
        found: object = None,
        valid: Iterable[object] = (),
        next_step: str = "",
    ) -> None:
        self.what = what
        self.where = str(where)
        self.found = found
        self.valid = tuple(str(v) for v in valid)
        self.next_step = next_step
        super().__init__(self.message)

    @property
    def nearest(self) -> str | None:
        """The valid value that looks most like what was found, if any does."""
        if self.found is None:
            return None
        close = get_close_matches(str(self.found), self.valid, n=1, cutoff=0.5)
        return close[0] if close else None

    @property
    def message(self) -> str:
        """The whole text: where, what, what was found, what is valid, the next step."""
        lines = [f"{self.where}: {self.what}" if self.where else self.what]
        if self.found is not None:
            lines[0] += f" (found: {self.found!r})"
        if self.nearest:
            lines.append(f"  did you mean {self.nearest!r}?")
        if self.valid:
            shown = ", ".join(self.valid[:40]) + (" …" if len(self.valid) > 40 else "")
            lines.append(f"  valid: {shown}")
        if self.next_step:
            lines.append(f"  next: {self.next_step}")
        return "\n".join(lines)


class UsageError(GenerelError):
    """The call does not say what to do in a way that can be followed."""

    exit_code = 2


class ConfigError(UsageError):
    """A key or value of `generel.toml`, or of a `GENEREL_…` variable, is wrong; `where` names file and key."""


class DataError(GenerelError):
    """An input file cannot be read as its source says; `where` names file, line and column."""


class ServerError(GenerelError):
    """The private Neo4j cannot be brought, started, stopped or filled."""


class GraphError(GenerelError):
    """Neo4j cannot be reached, refuses the user, is too old, or failed in a statement."""


class ActiveModelChanged(GraphError):
    """Another model was activated while a query ran; the query is repeated with the new model."""


class BusyError(GraphError):
    """Somebody else holds what is needed: the graph's lease or the state folder's lock."""


class ModelError(GenerelError):
    """An encoder or checkpoint cannot be found, or does not fit what it is used with."""


class NotFoundError(GenerelError):
    """What was asked for is not in the graph, and nothing was near enough to take its place."""
