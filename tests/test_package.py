"""The top level of the package: two public names, imported on first use."""

from __future__ import annotations

import subprocess
import sys

import pytest

import generel_graph
from generel_etl.errors import GenerelError


def test_public_names_are_open_and_the_root_error() -> None:
    assert generel_graph.__all__ == ["GenerelError", "open"]
    assert generel_graph.GenerelError is GenerelError
    assert callable(generel_graph.open)
    with pytest.raises(AttributeError, match="no attribute 'opem'"):
        generel_graph.opem  # noqa: B018


def test_importing_the_package_loads_no_other_module() -> None:
    code = (
        "import sys, generel_graph; "
        "print(*[m for m in sys.modules if m.startswith(('generel_graph.', 'generel_etl', 'polars'))])"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout.strip() == ""
