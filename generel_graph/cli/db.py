"""Commands about the server: db start, stop, status, shell, logs, reset; and Neo4j Browser."""

from __future__ import annotations

import dataclasses
import sys
import time
from typing import Any

import click

from generel_etl.errors import GenerelError, UsageError
from generel_graph.cli.options import configuration, quiet_option
from generel_graph.cli.output import print_json, print_rows, progress_bars
from generel_graph.config import Config


def _local(ctx: click.Context) -> Config:
    config = configuration(ctx)
    if config.neo4j.uri:
        raise UsageError(
            "this configuration uses a Neo4j that is not ours",
            where="neo4j.uri",
            found=config.neo4j.uri,
            next_step="manage it where it runs, or leave the address empty for a private server",
        )
    return config


@click.group()
def db() -> None:
    """Manage the project's private Neo4j: start, stop, status, shell, logs, reset.

    Example:  generel-graph db status
    """


@db.command()
@quiet_option
@click.pass_context
def start(ctx: click.Context, quiet: bool) -> None:
    """Start the server, or find it running.

    Example:  generel-graph db start
    """
    from generel_graph.server import ensure

    with progress_bars(quiet) as progress:
        server = ensure(_local(ctx), progress)
    click.echo(f"Neo4j {server.version} answers at {server.uri}")


@db.command()
@click.pass_context
def stop(ctx: click.Context) -> None:
    """Stop the server cleanly.

    Example:  generel-graph db stop
    """
    from generel_graph.server import stop as stop_server

    report = stop_server(_local(ctx))
    click.echo(f"stopped in {report.seconds:.1f} s" if report.was_running else "it was not running")


@db.command()
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.pass_context
def status(ctx: click.Context, as_json: bool) -> None:
    """Tell versions, ports, memory, sizes and the Browser's address.

    Example:  generel-graph db status
    """
    from generel_graph.server import status as server_status

    found = server_status(_local(ctx))
    server = found.server
    facts: dict[str, Any] = {"running": server is not None}
    if server:
        facts |= {
            "address": server.uri,
            "browser": server.http_url,
            "version": server.version,
            "pid": server.jvm_pid,
            "up_seconds": round(time.time() - server.started),
        }
    facts |= {f.name: getattr(found, f.name) for f in dataclasses.fields(found) if f.name != "server"}
    if as_json:
        print_json(facts)
    else:
        print_rows(["", ""], [[name.replace("_", " "), _readable(name, value)] for name, value in facts.items()])


def _readable(name: str, value: Any) -> Any:
    if name.endswith("_bytes"):
        return f"{value / 2**20:,.0f} MiB"
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else value  # ports, process ids


@db.command()
@quiet_option
@click.pass_context
def shell(ctx: click.Context, quiet: bool) -> None:
    """Type read-only Cypher, a statement a line; an empty line or Ctrl-D ends it.

    Example:  generel-graph db shell
    """
    from generel_graph.graph.open import open_graph

    with progress_bars(quiet) as progress:
        graph = open_graph(_local(ctx), progress)
    with graph:
        while text := click.prompt("cypher", default="", show_default=False):
            try:
                columns, rows = graph.query(text)
                print_rows(columns, rows)
            except GenerelError as error:
                click.secho(error.message, fg="red", err=True)


@db.command()
@click.option("--lines", "-n", default=20, show_default=True, help="How many.")
@click.pass_context
def logs(ctx: click.Context, lines: int) -> None:
    """Show the server's last errors in words.

    Example:  generel-graph db logs
    """
    from generel_graph.server import logs as server_logs

    for line in server_logs(_local(ctx), lines):
        click.echo(line)


@db.command()
@click.option("--yes", is_flag=True, help="Do not ask.")
@click.pass_context
def reset(ctx: click.Context, yes: bool) -> None:
    """Delete the server's graph; sources, stage and models stay, and the next sync loads it again.

    Example:  generel-graph db reset --yes
    """
    from generel_graph.server import reset as reset_server

    config = _local(ctx)
    if not yes:
        click.confirm(f"Delete the graph under {config.state}?", abort=True)
    for folder in reset_server(config):
        click.echo(f"deleted {folder}")


@click.command()
@click.option("--print", "only_print", is_flag=True, help="Print the address; open nothing.")
@quiet_option
@click.pass_context
def browser(ctx: click.Context, only_print: bool, quiet: bool) -> None:
    """Open Neo4j Browser on the private server, with the password at hand.

    Address and user are filled in; the Browser remembers who signed in once. The password is shown on a terminal only.

    Example:  generel-graph browser
    """
    from generel_graph.server import browser_files, ensure

    config = _local(ctx)
    with progress_bars(quiet) as progress:
        server = ensure(config, progress)
    if not server.http_url:
        raise UsageError("Browser is switched off", where="neo4j.browser", next_step="set it to true, and restart")
    click.echo(server.http_url)
    at_hand = sys.stdout.isatty()
    click.echo(f"password: {server.password_file.read_text().strip() if at_hand else f'in {server.password_file}'}")
    click.echo(f"style sheet, saved queries and a guide: {browser_files()}; drag a file onto the page's editor")
    if not only_print:
        click.launch(server.http_url)
