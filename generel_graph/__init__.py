"""SNPs and biomedical concepts in one Neo4j graph and one embedding space."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

__version__ = "0.1.0"
__all__ = ["GenerelError", "open"]

if TYPE_CHECKING:
    from generel_etl.errors import GenerelError as GenerelError
    from generel_graph.session import open as open


def __getattr__(name: str) -> Any:
    """Import `open` and `GenerelError` on first use, so that importing the package loads nothing else."""
    if name == "open":
        from generel_graph.session import open as open_

        return open_
    if name == "GenerelError":
        from generel_etl.errors import GenerelError

        return GenerelError
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
