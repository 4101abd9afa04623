"""The errors of the project: one root class, and one subclass for each kind of problem that a user can fix."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches


class GenerelError(Exception):
    """A problem that the user can fix; the message states what is wrong, where, the valid values and the next step.

    The parts of the message are attributes of the error. `exit_code` is the exit status of the command line:
    1 if the work failed, 2 if the call or the configuration is wrong.
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
        """The valid value that is most similar to `found`, or None if none is similar."""
        if self.found is None:
            return None
        close = get_close_matches(str(self.found), self.valid, n=1, cutoff=0.5)
        return close[0] if close else None

    @property
    def message(self) -> str:
        """The complete text: where, what, the value found, the valid values (at most 40), the next step."""
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
    """The arguments of a call are invalid or contradict each other."""

    exit_code = 2


class ConfigError(UsageError):
    """A key or value in `generel.toml` or in a `GENEREL_…` variable is invalid; `where` names the file and key."""


class DataError(GenerelError):
    """An input file does not have the configured format; `where` names the file, line and column."""


class ServerError(GenerelError):
    """The private Neo4j server cannot be downloaded, started, stopped or filled."""


class GraphError(GenerelError):
    """Neo4j is unreachable, rejects the login, is too old, or failed to run a statement."""


class ActiveModelChanged(GraphError):
    """Another model was activated while a query ran; the caller repeats the query with the new model."""


class BusyError(GraphError):
    """Another process holds the lease of the graph or the lock of the state folder."""


class ModelError(GenerelError):
    """An encoder or checkpoint is missing, or does not match the data or settings it is used with."""


class NotFoundError(GenerelError):
    """The requested node, model or name does not exist, and nothing similar enough can replace it."""
