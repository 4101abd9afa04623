"""Commands that look: status, rejects, tasks, plot, doctor."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import click
import psutil

from generel_etl.config import SourceConfig
from generel_etl.errors import GenerelError, UsageError
from generel_graph.cli.options import configuration, output_options, quiet_option
from generel_graph.cli.output import print_report, print_rows, progress_bars
from generel_graph.config import Config, load_config


@click.command()
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@quiet_option
@click.pass_context
def status(ctx: click.Context, as_json: bool, quiet: bool) -> None:
    """Tell what the graph holds: sources with their counts, tasks, the model in use.

    Example:  generel-graph status
    """
    from generel_graph.pipeline.report import status as read_status

    with progress_bars(quiet) as progress:
        report = read_status(configuration(ctx), progress)
    print_report(report, as_json)


@click.command()
@click.argument("source", required=False)
@click.option("-n", "--lines", default=20, show_default=True, help="Rows to show of each source.")
@output_options
@click.pass_context
def rejects(ctx: click.Context, source: str | None, lines: int, as_json: bool, as_csv: bool) -> None:
    """Show the rows that nothing could be made of: file, line, column, what was found, why.

    Example:  generel-graph rejects gwas --csv
    """
    from generel_etl.pipeline import read_rejects

    table = read_rejects(configuration(ctx).etl, source)
    if not as_json and not as_csv:
        reasons = table.group_by("source", "reason").len("rows")
        reasons = reasons.sort("source", "rows", "reason", descending=[False, True, False])
        print_rows(reasons.columns, reasons.rows(), title="Reasons")
        click.echo()
        table = table.group_by("source", maintain_order=True).head(lines)
    print_rows(table.columns, table.rows(), as_json=as_json, as_csv=as_csv)


@click.command()
@output_options
@quiet_option
@click.pass_context
def tasks(ctx: click.Context, as_json: bool, as_csv: bool, quiet: bool) -> None:
    """List what is trained on: pairs in the graph now, share of batches, loss beside chance, weights.

    A task is switched off by `[tasks.NAME] enabled = false`, and drawn more often by a larger `weight` (c of c·√pairs).

    Example:  generel-graph tasks
    """
    from generel_graph.pipeline.sync import tasks as list_tasks

    with progress_bars(quiet) as progress:
        columns, rows = list_tasks(configuration(ctx), progress)
    if not as_json and not as_csv:
        rows = [[round(v, 3) if isinstance(v, float) else v for v in row] for row in rows]
    print_rows(columns, rows, as_json=as_json, as_csv=as_csv)


@click.command()
@click.argument("model", required=False)
@click.option("--tensorboard", is_flag=True, help="Write event files for TensorBoard too.")
@click.option("--effects", is_flag=True, help="Draw cosine against odds ratio, of the active model, instead.")
@quiet_option
@click.pass_context
def plot(ctx: click.Context, model: str | None, tensorboard: bool, effects: bool, quiet: bool) -> None:
    """Draw how the training of MODEL went (default: the newest, or the one that runs): losses.png and losses.svg.

    A panel a task: the loss over that of a guess, and the AUC of held-out pairs beside that of the untrained start.
    With --effects: effects.png, whether pairs that lie nearer have larger odds ratios too, with Spearman's correlation.

    Example:  generel-graph plot
    """
    if not effects:
        from generel_graph.pipeline.train import plot_model

        for path in plot_model(configuration(ctx), model, tensorboard):
            click.echo(path)
        return
    if model or tensorboard:
        raise UsageError("this is drawn of the active model, alone", where="--effects", found=model or "--tensorboard")
    _plot_effects(ctx, quiet)


def _plot_effects(ctx: click.Context, quiet: bool) -> None:
    from generel_graph.plots.effects import agreements, draw_effects
    from generel_graph.session import open as open_session

    config = configuration(ctx)
    with progress_bars(quiet) as progress, open_session(config, progress) as session:
        pairs = session.effects(progress).frame()
    told = agreements(pairs)
    columns = ["edges", "held out", "pairs", "Spearman", "95 % from", "to"]
    rows = [[a.type, a.held_out, a.pairs, a.spearman, a.ci_low, a.ci_high] for a in told]
    print_rows(columns, rows)
    click.echo(draw_effects(pairs, told, config.model_folder(pairs.attrs["model"]) / "effects.png"))


@click.command()
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.pass_context
def doctor(ctx: click.Context, as_json: bool) -> None:
    """Check what the program needs: Python, Java, jars, disk, memory, configuration, files, server.

    Example:  generel-graph doctor
    """

    findings = examine(ctx.obj["config"])
    rows = [[f.name, f.ok, f.found, "" if f.ok else f.next_step] for f in findings]
    print_rows(["check", "ok", "found", "next"], rows, as_json=as_json)
    if not all(f.ok for f in findings):
        ctx.exit(1)


FREE_DISK = 2 * 2**30  # bytes: jars, store, an import's CSV
FREE_MEMORY = 2 * 2**30  # bytes: the server's heap and a training


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was checked."""

    name: str
    ok: bool
    found: str
    next_step: str = ""


def examine(config_path: str | None) -> list[Finding]:
    """Check one thing after another; a failure is a finding, never an exception."""
    findings = [
        Finding("python", sys.version_info >= (3, 11), sys.version.split()[0], "install Python 3.11 or newer"),
        _memory(),
    ]
    try:
        config = load_config(Path(config_path) if config_path else None)
    except GenerelError as error:
        findings.append(Finding("configuration", False, error.what, error.next_step))
        return findings
    findings.append(Finding("configuration", True, str(config.path)))
    findings.append(_disk(config))
    findings.extend(_check(f"files of {s.name}", partial(_files, config, s)) for s in config.sources)
    findings.append(_check("encoder", lambda: _encoder(config)))
    if not config.neo4j.uri:
        findings.append(_check("java", lambda: _java(config)))
        findings.append(_check("jars", lambda: _jars(config)))
    findings.append(_check("neo4j", lambda: _graph(config)))
    return findings


def _check(name: str, look: Callable[[], str]) -> Finding:
    try:
        return Finding(name, True, look())
    except GenerelError as error:
        found = error.what if error.found is None else f"{error.what} ({error.found})"
        return Finding(name, False, found, error.next_step)


def _memory() -> Finding:
    free = psutil.virtual_memory().available
    return Finding("memory", free >= FREE_MEMORY, f"{free / 2**30:.1f} GiB free", "close other programs")


def _disk(config: Config) -> Finding:
    place = next(p for p in (config.state, *config.state.parents) if p.exists())
    free = shutil.disk_usage(place).free
    return Finding("disk", free >= FREE_DISK, f"{free / 2**30:.1f} GiB free at {place}", "set state_dir elsewhere")


def _files(config: Config, source: SourceConfig) -> str:
    from generel_etl.parsing.files import find_files

    paths = find_files(source, config.data)
    return f"{len(paths)} file(s), {sum(p.stat().st_size for p in paths) / 2**20:.1f} MiB"


def _encoder(config: Config) -> str:
    from generel_graph.encode.locate import find_encoder

    return str(find_encoder(config.model.encoder)[0])


def _java(config: Config) -> str:
    from generel_graph.server.java import ensure_java

    return str(ensure_java(config, config.neo4j.version).path)


def _jars(config: Config) -> str:
    from generel_graph.server import status

    jars = status(config).jars
    there = len(list(jars.glob("*.jar"))) if jars.is_dir() else 0
    return f"{there} jars at {jars}" if there else "not brought yet: the first command that needs them does it"


def _graph(config: Config) -> str:
    from generel_graph.graph.open import open_graph
    from generel_graph.server import find

    if not config.neo4j.uri and find(config) is None:
        return "not running: the first command that needs it starts it"
    with open_graph(config) as graph:
        return f"{graph.capabilities.version} {graph.capabilities.edition} at {graph.uri}"
