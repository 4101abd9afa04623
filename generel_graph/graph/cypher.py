"""The Cypher files: found beside the package in a wheel, in the checkout of an editable install."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

from generel_graph.errors import GraphError

SLOTS = 4  # models that can stand side by side on the nodes
IN_FILE = "embedding_0"  # how a file names the slot's property and index, so that it can be pasted as it is
_SLOT = re.compile(r"embedding_([01])")  # 1: that of a second model, in a question about two


@cache
def folder() -> Path:
    """The folder of the Cypher files; raises GraphError if the installation lacks it."""
    package = Path(__file__).resolve().parents[1]
    for place in (package / "cypher", package.parent / "cypher"):
        if place.is_dir():
            return place
    raise GraphError("the Cypher files are missing", where=package, next_step="install generel-graph again")


@cache
def statement(name: str, slot: int | None = None, other: int | None = None) -> str:
    """The text of one Cypher file, by its name without ending, as "load/merge_nodes".

    `slot` (0 … SLOTS − 1) takes the place of the 0 in `embedding_0`, `other` that of the 1 in `embedding_1`: nothing
    else is ever inlined, since Neo4j takes no parameter for a property key or in a SEARCH clause.
    Raises GraphError for an unknown file or a slot out of range.
    """
    path = folder() / f"{name}.cypher"
    if not path.is_file():
        names = [str(p.relative_to(folder()).with_suffix("")) for p in sorted(folder().rglob("*.cypher"))]
        raise GraphError("no such Cypher file", where=folder(), found=name, valid=names)
    text = path.read_text(encoding="utf-8")
    given = {"0": slot, "1": other}
    slots = {digit: _checked(given[digit], path.name) for digit in sorted(set(_SLOT.findall(text)))}
    return _SLOT.sub(lambda found: f"embedding_{slots[found[1]]}", text)  # both at once: either may be the other's


def _checked(slot: int | None, where: str) -> int:
    if slot is None or not 0 <= slot < SLOTS:
        raise GraphError("this statement needs a slot", where=where, found=slot, valid=range(SLOTS))
    return int(slot)
