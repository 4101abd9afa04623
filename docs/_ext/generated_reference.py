"""Fill in the generated parts of reference pages while Sphinx reads them.

A line `% generated: NAME` in a page is replaced by the Markdown that the function of that name returns. Nothing is
written to disk, so a generated part always describes the code that it is built with.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

from reference.commands import commands, exit_codes
from reference.configuration import configuration, environment_variables, reader_options
from reference.data_model import (
    common_edge_properties,
    edge_properties,
    kinds,
    model_properties,
    node_properties,
    prefixes,
    record_tables,
    relations,
    source_properties,
)
from reference.python_api import result_types, session_methods
from reference.recipes import recipe_head, recipe_list
from reference.training_tasks import losses, tasks
from sphinx.application import Sphinx
from sphinx.errors import ExtensionError

ROOT = Path(__file__).resolve().parents[2]
MARKER = re.compile(r"^% generated: (\w+)(?: (\S+))?[ \t]*$", re.MULTILINE)

GENERATED: dict[str, Callable[..., str]] = {
    f.__name__: f
    for f in (
        commands,
        common_edge_properties,
        configuration,
        edge_properties,
        environment_variables,
        exit_codes,
        kinds,
        losses,
        model_properties,
        node_properties,
        prefixes,
        reader_options,
        recipe_head,
        recipe_list,
        record_tables,
        relations,
        result_types,
        session_methods,
        source_properties,
        tasks,
    )
}


def _fill_in(app: Sphinx, docname: str, source: list[str]) -> None:
    def generate(marker: re.Match[str]) -> str:
        name, argument = marker.groups()
        if name not in GENERATED:
            raise ExtensionError(f"{docname}: nothing generates {name!r}; valid: {', '.join(GENERATED)}")
        _depend_on_code(app)
        return GENERATED[name](argument) if argument else GENERATED[name]()

    source[0] = MARKER.sub(generate, source[0])


def _depend_on_code(app: Sphinx) -> None:
    """Read the page again in the next build if any file that it may be generated from has changed."""
    for folder, pattern in (("generel_graph", "*.py"), ("etl", "*.py"), ("cypher", "*.cypher"), ("docs/_ext", "*.py")):
        for path in (ROOT / folder).rglob(pattern):
            app.env.note_dependency(str(path))


def setup(app: Sphinx) -> dict[str, Any]:
    """Connect to the reading of pages."""
    app.connect("source-read", _fill_in)
    return {"version": "1", "parallel_read_safe": True}
