"""The types that the methods of a session return, found by their annotations."""

from __future__ import annotations

import ast
import dataclasses
import inspect
import typing
from importlib import import_module
from typing import Any

from generel_graph import session as session_module
from generel_graph.session import Session
from reference.markdown import plain, table


def session_methods() -> str:
    """The public methods of a session with the first sentence of their docstrings."""
    rows = []
    for name, method in vars(Session).items():
        if not name.startswith("_") and inspect.isfunction(method):
            text = (inspect.getdoc(method) or "").split("\n\n")[0].replace("\n", " ")
            rows.append((f"[`{name}`](#generel_graph.session.Session.{name})", plain(text)))
    return table(("method", "what it does"), rows)


def result_types() -> str:
    """An autodoc entry for each class of this project that a public method of `Session` returns or takes."""
    classes: dict[str, type[Any]] = {}
    for name, method in vars(Session).items():
        if not name.startswith("_") and inspect.isfunction(method):
            for hint in _hints(method).values():
                _collect(hint, classes)
    parts = []
    for kind in classes.values():
        path = f"{kind.__module__}.{kind.__qualname__}"
        options = "   :members:\n   :undoc-members:\n   :exclude-members: __init__\n"
        parts.append(f"### {kind.__name__}\n\n```{{eval-rst}}\n.. autoclass:: {path}\n{options}```\n")
    return "\n".join(parts)


def _hints(method: Any) -> dict[str, Any]:
    """The annotations of a method that are values; names that are imported for type checkers alone are imported here.

    An annotation that is no value at run time (`nx.MultiDiGraph[str]`) names no class of ours and is left out.
    """
    hints = {}
    names = dict(vars(session_module))
    for key, text in method.__annotations__.items():
        while key not in hints:
            try:
                hints[key] = eval(text, names) if isinstance(text, str) else text
            except NameError as error:
                missing = str(error.name)
                names[missing] = _type_checking_name(session_module, missing)
            except TypeError:
                break
    return hints


def _type_checking_name(module: Any, name: str) -> Any:
    """The value of a name that a module imports under `if TYPE_CHECKING`."""
    for node in ast.walk(ast.parse(inspect.getsource(module))):
        if isinstance(node, ast.ImportFrom) and node.module:
            for alias in node.names:
                if (alias.asname or alias.name) == name:
                    return getattr(import_module(node.module), alias.name)
        if isinstance(node, ast.Import):
            for alias in node.names:
                if (alias.asname or alias.name) == name:
                    return import_module(alias.name)
    raise NameError(name)


def _collect(hint: Any, classes: dict[str, type[Any]]) -> None:
    for part in (hint, *typing.get_args(hint)):
        if part is not hint:
            _collect(part, classes)
        own = isinstance(part, type) and part.__module__.split(".")[0] in ("generel_graph", "generel_etl")
        if own and part is not Session and (dataclasses.is_dataclass(part) or typing.is_typeddict(part)):
            if part.__name__ in ("Config", "Graph"):
                continue
            classes.setdefault(part.__name__, part)
