"""Options that several commands share, and their values."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from generel_etl.errors import UsageError
from generel_graph.config import Config, load_config

Command = Callable[..., Any]


def configuration(ctx: click.Context) -> Config:
    """The configuration of the option --config, or of this folder."""
    path = ctx.obj["config"]
    return load_config(Path(path) if path else None)


def output_options(command: Command) -> Command:
    """Add --json and --csv, the output formats."""
    command = click.option("--csv", "as_csv", is_flag=True, help="Print CSV.")(command)
    return click.option("--json", "as_json", is_flag=True, help="Print JSON.")(command)


def quiet_option(command: Command) -> Command:
    """Add --quiet, which turns off the progress on stderr."""
    return click.option("--quiet", "-q", is_flag=True, help="Show no progress.")(command)


def typed_values(items: tuple[str, ...], option: str) -> dict[str, Any]:
    """The NAME=VALUE pairs of an option; a value that is not JSON is text."""
    import json

    values: dict[str, Any] = {}
    for name, text in named_values(items, option).items():
        try:
            values[name] = json.loads(text)
        except json.JSONDecodeError:
            values[name] = text
    return values


def named_values(items: tuple[str, ...], option: str) -> dict[str, str]:
    """The NAME=TEXT pairs of an option; raises UsageError for anything else."""
    values = {}
    for item in items:
        name, equals, text = item.partition("=")
        if not equals or not name.isidentifier():
            raise UsageError("expected NAME=VALUE", where=option, found=item)
        values[name] = text
    return values
