"""SNPs and biomedical concepts in one Neo4j graph and one embedding space."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

__version__ = "0.1.0"
__all__ = ["open"]

if TYPE_CHECKING:
    from generel_graph.session import open as open


def __getattr__(name: str) -> Any:
    """Import `open` when it is first used, so that importing the package does nothing."""
    if name == "open":
        from generel_graph.session import open as open_

        return open_
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
