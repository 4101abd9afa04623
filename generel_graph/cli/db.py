"""Commands for the private server: db start, stop, status, shell, logs, reset; and browser."""

from __future__ import annotations

import sys
import time
from typing import TYPE_CHECKING, Any

import click

from generel_etl.errors import GenerelError, UsageError
from generel_graph.cli.options import command_with_progress, configuration
from generel_graph.cli.output import CommandProgress, print_json, print_rows
from generel_graph.config import Config

if TYPE_CHECKING:
    from generel_graph.server import ServerStatus


def _require_private(config: Config) -> None:
    """Raise UsageError if the configuration has the address of another server."""
    if config.neo4j.uri:
        raise UsageError(
            "this configuration uses a Neo4j that this program does not manage",
            where="neo4j.uri",
            found=config.neo4j.uri,
            next_step="use that server's own tools, or leave neo4j.uri empty to use a private server",
        )


def _private_configuration(ctx: click.Context) -> Config:
    config = configuration(ctx)
    _require_private(config)
    return config


@click.group()
def db() -> None:
    """Manage the project's private Neo4j: start, stop, status, shell, logs, reset.

    Example:  generel-graph db status
    """


@db.command()
@command_with_progress
def start(config: Config, progress: CommandProgress) -> None:
    """Start the server unless it is running.

    Example:  generel-graph db start
    """
    from generel_graph.server import ensure

    _require_private(config)
    with progress:
        server = ensure(config, progress)
    click.echo(f"Neo4j {server.version} is running at {server.uri}")


@db.command()
@click.pass_context
def stop(ctx: click.Context) -> None:
    """Stop the server.

    Example:  generel-graph db stop
    """
    from generel_graph.server import stop as stop_server

    report = stop_server(_private_configuration(ctx))
    click.echo(f"stopped in {report.seconds:.1f} s" if report.was_running else "the server was not running")


@db.command()
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.pass_context
def status(ctx: click.Context, as_json: bool) -> None:
    """Show versions, ports, memory, sizes and the address of Neo4j Browser.

    Example:  generel-graph db status
    """
    from generel_graph.server import status as server_status

    facts = _status_json(server_status(_private_configuration(ctx)))
    if as_json:
        print_json(facts)
    else:
        print_rows(["", ""], [[name.replace("_", " "), _readable(name, value)] for name, value in facts.items()])


def _status_json(status: ServerStatus) -> dict[str, Any]:
    """The status with the keys that scripts read."""
    server = status.server
    facts: dict[str, Any] = {"running": server is not None}
    if server:
        facts |= {
            "address": server.uri,
            "browser": server.http_url,
            "version": server.version,
            "pid": server.jvm_pid,
            "up_seconds": round(time.time() - server.started),
        }
    return facts | {
        "version": status.version,
        "store_version": status.store_version,
        "store_bytes": status.store_bytes,
        "heap_bytes": status.heap_bytes,
        "page_cache_bytes": status.page_cache_bytes,
        "resident_bytes": status.resident_bytes,
        "clients": status.clients,
        "bolt_port": status.bolt_port,
        "http_port": status.http_port,
        "idle_minutes": status.idle_minutes,
        "java": status.java,
        "jars": status.jars,
        "logs": status.logs,
        "password_file": status.password_file,
    }


def _readable(name: str, value: Any) -> Any:
    if name.endswith("_bytes"):
        return f"{value / 2**20:,.0f} MiB"
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else value  # ports, process ids


@db.command()
@command_with_progress
def shell(config: Config, progress: CommandProgress) -> None:
    """Run read-only Cypher interactively, one statement per line; an empty line or Ctrl-D exits.

    Example:  generel-graph db shell
    """
    from generel_graph.graph.open import open_graph

    _require_private(config)
    with progress:
        graph = open_graph(config, progress)
    with graph:
        while text := click.prompt("cypher", default="", show_default=False):
            try:
                columns, rows = graph.query(text)
                print_rows(columns, rows)
            except GenerelError as error:
                click.secho(error.message, fg="red", err=True)


@db.command()
@click.option("--lines", "-n", default=20, show_default=True, help="Number of lines.")
@click.pass_context
def logs(ctx: click.Context, lines: int) -> None:
    """Show the server's last errors and warnings, with explanations of known errors.

    Example:  generel-graph db logs
    """
    from generel_graph.server import logs as server_logs

    for line in server_logs(_private_configuration(ctx), lines):
        click.echo(line)


@db.command()
@click.option("--yes", is_flag=True, help="Do not ask for confirmation.")
@click.pass_context
def reset(ctx: click.Context, yes: bool) -> None:
    """Delete the server's graph. Sources, staged tables and models stay; the next sync loads the graph again.

    Example:  generel-graph db reset --yes
    """
    from generel_graph.server import reset as reset_server

    config = _private_configuration(ctx)
    if not yes:
        click.confirm(f"Delete the graph under {config.state}?", abort=True)
    for folder in reset_server(config):
        click.echo(f"deleted {folder}")


@click.command()
@click.option("--print", "only_print", is_flag=True, help="Print the address; do not open a browser.")
@command_with_progress
def browser(config: Config, progress: CommandProgress, only_print: bool) -> None:
    """Open Neo4j Browser on the private server and print the password.

    Address and user name are filled in. The Browser remembers the login. If stdout is not a terminal, the command
    prints the path of the password file instead of the password.

    Example:  generel-graph browser
    """
    from generel_graph.server import browser_files, ensure

    _require_private(config)
    with progress:
        server = ensure(config, progress)
    if not server.http_url:
        raise UsageError(
            "Neo4j Browser is disabled", where="neo4j.browser", next_step="set it to true and restart the server"
        )
    click.echo(server.http_url)
    click.echo(f"password: {server.password if sys.stdout.isatty() else f'in {server.password_file}'}")
    click.echo(f"style sheet, saved queries and a guide: {browser_files()}; drag a file onto the editor of the page")
    if not only_print:
        click.launch(server.http_url)
