"""Options that several commands share, and the configuration that they lead to."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from generel_etl.errors import UsageError
from generel_graph.config import Config, load_config

Command = Callable[..., Any]


def configuration(ctx: click.Context) -> Config:
    """The configuration that the call names."""
    named = ctx.obj["config"]
    return load_config(Path(named) if named else None)


def output_options(command: Command) -> Command:
    """Add --json and --csv: how results go to stdout."""
    command = click.option("--csv", "as_csv", is_flag=True, help="Print CSV.")(command)
    return click.option("--json", "as_json", is_flag=True, help="Print JSON.")(command)


def quiet_option(command: Command) -> Command:
    """Add --quiet: no progress on stderr."""
    return click.option("--quiet", "-q", is_flag=True, help="Show no progress.")(command)


def typed_values(given: tuple[str, ...], option: str) -> dict[str, Any]:
    """NAME=VALUE pairs of an option; a value is JSON, or else a text."""
    import json

    values: dict[str, Any] = {}
    for name, text in named_values(given, option).items():
        try:
            values[name] = json.loads(text)
        except json.JSONDecodeError:
            values[name] = text
    return values


def named_values(given: tuple[str, ...], option: str) -> dict[str, str]:
    """NAME=TEXT pairs of an option; raises UsageError for anything else."""
    named = {}
    for item in given:
        name, equals, text = item.partition("=")
        if not equals or not name.isidentifier():
            raise UsageError("expected NAME=VALUE", where=option, found=item)
        named[name] = text
    return named
