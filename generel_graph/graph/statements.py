"""The Cypher files: inside the package in a wheel, beside it in an editable install.

A statement has one file, written for the newest supported server. For a server that needs different Cypher, there is a
folder of overrides, named after its dialect, with a file of the same name for each statement that differs.
"""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

from generel_etl.errors import GraphError

SLOTS = 4  # models whose vectors the nodes can store at the same time
NEWEST, NEO4J_5 = DIALECTS = ("neo4j-2026", "neo4j-5")  # the shared files use the first; the others have overrides
_SLOT = re.compile(r"embedding_([01])")  # 0: the active model; 1: the second model of a comparison


@cache
def folder() -> Path:
    """The folder of the Cypher files; raises GraphError if the installation lacks it."""
    package = Path(__file__).resolve().parents[1]
    for path in (package / "cypher", package.parent / "cypher"):
        if path.is_dir():
            return path
    raise GraphError("the Cypher files are missing", where=package, next_step="install generel-graph again")


@cache
def statement_names(dialect: str = NEWEST) -> tuple[str, ...]:
    """The names of the statements for a server of `dialect`, sorted, such as "graph/count_graph"."""
    root = folder()
    overrides = {root / other for other in DIALECTS}
    shared = [p for p in root.rglob("*.cypher") if not overrides & set(p.parents)]
    own = (root / dialect).rglob("*.cypher")
    names = [p.relative_to(root) for p in shared] + [p.relative_to(root / dialect) for p in own]
    return tuple(sorted({name.with_suffix("").as_posix() for name in names}))


@cache
def statement(name: str, slot: int | None = None, other: int | None = None, dialect: str = NEWEST) -> str:
    """The text of one Cypher file, by its name without suffix, such as "graph/count_graph".

    `slot` (0 … SLOTS − 1) replaces the 0 of `embedding_0`, `other` the 1 of `embedding_1`. No other value is inserted
    into the text: Neo4j accepts no parameter as a property key or in a SEARCH clause. `dialect` is one of DIALECTS.
    Raises GraphError for an unknown file or a slot out of range.
    """
    root = folder()
    path = next((p for p in (root / dialect / f"{name}.cypher", root / f"{name}.cypher") if p.is_file()), None)
    if path is None:
        raise GraphError("no such Cypher file", where=root, found=name, valid=statement_names(dialect))
    text = path.read_text(encoding="utf-8")
    values = {"0": slot, "1": other}
    slots = {digit: _check_slot(values[digit], path.name) for digit in sorted(set(_SLOT.findall(text)))}
    return _SLOT.sub(lambda match: f"embedding_{slots[match[1]]}", text)  # one pass, since the slots may be swapped


def statement_body(name: str, dialect: str = NEWEST) -> str:
    """The Cypher of one file without comments and blank lines; digests of a statement cover this text."""
    lines = (line.rstrip() for line in statement(name, 0, 1, dialect).splitlines())
    return "\n".join(line for line in lines if line and not line.lstrip().startswith("//"))


def _check_slot(slot: int | None, where: str) -> int:
    if slot is None or not 0 <= slot < SLOTS:
        raise GraphError("this statement needs a slot", where=where, found=slot, valid=range(SLOTS))
    return int(slot)
