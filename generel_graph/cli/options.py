"""Options that several commands share, and the configuration that a command uses."""

from __future__ import annotations

import functools
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from generel_etl.errors import UsageError
from generel_graph.cli.output import CommandProgress
from generel_graph.config import Config, load_config

Command = Callable[..., Any]


def configuration(ctx: click.Context) -> Config:
    """The configuration of the option --config, or of the working folder."""
    path = ctx.obj["config"]
    return load_config(Path(path) if path else None)


def command_with_progress(command: Command) -> Command:
    """Add --quiet to a command and call it with its configuration and its progress, before its own parameters.

    The command's function has the form `command(config, progress, **parameters)`. It shows progress in a block
    `with progress:` and prints its results after the block.
    """

    @quiet_option
    @click.pass_context
    @functools.wraps(command)
    def with_progress(ctx: click.Context, /, *, quiet: bool, **parameters: Any) -> Any:
        return command(configuration(ctx), CommandProgress(quiet), **parameters)

    return with_progress


def output_options(command: Command) -> Command:
    """Add --json and --csv, the formats of results on stdout."""
    command = click.option("--csv", "as_csv", is_flag=True, help="Print CSV.")(command)
    return click.option("--json", "as_json", is_flag=True, help="Print JSON.")(command)


def quiet_option(command: Command) -> Command:
    """Add --quiet, which hides the progress on stderr."""
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
