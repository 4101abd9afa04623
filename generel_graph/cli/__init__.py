"""The command line: each command opens the project, calls one function of the library and prints the result."""

from __future__ import annotations

import os
import sys
from importlib import import_module

import click

from generel_etl.errors import GenerelError, UsageError
from generel_graph import __version__

# The module of each command, in the order of `--help`.
COMMANDS: dict[str, str] = {
    "demo": "pipeline",
    "init": "pipeline",
    "sync": "pipeline",
    "load": "pipeline",
    "train": "pipeline",
    "embed": "pipeline",
    "search": "search",
    "score": "search",
    "explain": "explain",
    "query": "search",
    "recipe": "search",
    "map": "plots",
    "locus": "plots",
    "evaluate": "evaluate",
    "export": "export",
    "browser": "db",
    "status": "inspect",
    "rejects": "inspect",
    "tasks": "inspect",
    "models": "models",
    "plot": "inspect",
    "doctor": "inspect",
    "db": "db",
}


class Commands(click.Group):
    """A group that imports a command's module only when the command is used."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """All commands, in the order of COMMANDS."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The command with this name, or None."""
        if cmd_name not in COMMANDS:
            return None
        module = import_module(f"generel_graph.cli.{COMMANDS[cmd_name]}")
        command: click.Command = getattr(module, cmd_name)
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Resolve as click does, but report an unknown command with the nearest name."""
        if args and args[0] not in COMMANDS and not args[0].startswith("-"):
            raise UsageError("unknown command", found=args[0], valid=COMMANDS)
        return super().resolve_command(ctx, args)


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(__version__, prog_name="generel-graph")
@click.option(
    "--config",
    "-c",
    envvar="GENEREL_CONFIG",
    metavar="FILE",
    help="Configuration file. Default: generel.toml in this folder.",
)
@click.option("--debug", is_flag=True, help="Show the traceback of an error.")
@click.pass_context
def cli(ctx: click.Context, config: str | None, debug: bool) -> None:
    """Query SNPs and biomedical concepts in one Neo4j graph and one embedding space.

    Start with:  generel-graph demo
    """
    ctx.obj = {"config": config, "debug": debug}


def main() -> None:
    """Run the command line; print a GenerelError on stderr and exit with its exit code."""
    debug = "--debug" in sys.argv or bool(os.environ.get("GENEREL_DEBUG"))
    try:
        cli(standalone_mode=False)
    except click.exceptions.Exit as stop:
        sys.exit(stop.exit_code)
    except click.Abort:
        click.echo("stopped", err=True)
        sys.exit(1)
    except click.ClickException as error:
        error.show()
        sys.exit(error.exit_code)
    except GenerelError as error:
        if debug:
            raise
        click.secho("error: ", fg="red", bold=True, nl=False, err=True)
        click.echo(error.message, err=True)
        sys.exit(error.exit_code)
    except KeyboardInterrupt:
        click.echo("stopped; run the same command to continue", err=True)
        sys.exit(130)
    except BrokenPipeError:
        sys.exit(0)
