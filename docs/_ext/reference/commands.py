"""Every command with its options, in the order of `COMMANDS`, by sphinx-click."""

from __future__ import annotations

import click

from generel_graph.cli import COMMANDS, cli
from reference.markdown import code, table


def commands() -> str:
    """One section a command; the commands of a group follow it."""
    context = click.Context(cli, info_name="generel-graph")
    parts = [_section("generel-graph", "generel_graph.cli:cli", 2)]
    for name in COMMANDS:
        command = cli.get_command(context, name)
        if command is None:
            raise LookupError(f"COMMANDS names {name}, which does not exist")
        where = f"{command.callback.__module__}:{name}" if command.callback else f"generel_graph.cli.{name}"
        parts.append(_section(f"generel-graph {name}", where, 2))
        if isinstance(command, click.Group):
            inner = click.Context(command, parent=context, info_name=name)
            for child in command.list_commands(inner):
                sub = command.get_command(inner, child)
                if sub is not None and sub.callback is not None:
                    parts.append(_section(f"generel-graph {name} {child}", _found(sub), 3))
    return "\n".join(parts)


def _found(command: click.Command) -> str:
    """Module and attribute of a subcommand, as sphinx-click takes them."""
    assert command.callback is not None
    module = __import__(command.callback.__module__, fromlist=["*"])
    for name, value in vars(module).items():
        if value is command:
            return f"{module.__name__}:{name}"
    raise LookupError(f"no attribute of {module.__name__} is the command {command.name}")


def _section(title: str, where: str, level: int) -> str:
    anchor = title.replace(" ", "-")
    return (
        f"({anchor})=\n{'#' * level} {title}\n\n"
        f"```{{eval-rst}}\n.. command:: {where}\n   :prog: {title}\n   :nested: none\n```\n"
    )


def exit_codes() -> str:
    """The exit codes of the command line, by the exceptions that lead to them."""
    from generel_etl import errors

    rows: dict[int, list[str]] = {0: []}
    for name, value in vars(errors).items():
        if isinstance(value, type) and issubclass(value, errors.GenerelError) and value is not errors.GenerelError:
            rows.setdefault(value.exit_code, []).append(name)
    meaning = {0: "success", 1: "the work failed", 2: "the call or the configuration is invalid"}
    return table(
        ("code", "meaning", "exceptions"),
        ((exit_code, meaning[exit_code], ", ".join(map(code, names))) for exit_code, names in sorted(rows.items())),
    )
