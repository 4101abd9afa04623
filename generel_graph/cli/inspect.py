"""Commands that show the state of a project: status, rejects, tasks, plot, doctor."""

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
from generel_graph.cli.options import command_with_progress, configuration, output_options
from generel_graph.cli.output import CommandProgress, print_report, print_rows
from generel_graph.config import Config, load_config


@click.command()
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@command_with_progress
def status(config: Config, progress: CommandProgress, as_json: bool) -> None:
    """Show the content of the graph: sources with their counts, tasks, the active model.

    Example:  generel-graph status
    """
    from generel_graph.graph.open import open_graph
    from generel_graph.pipeline.report import status as read_status

    with progress, open_graph(config, progress) as graph:
        report = read_status(graph, config)
    print_report(report, as_json)


@click.command()
@click.argument("source", required=False)
@click.option("-n", "--lines", default=20, show_default=True, help="Rows to show per source.")
@output_options
@click.pass_context
def rejects(ctx: click.Context, source: str | None, lines: int, as_json: bool, as_csv: bool) -> None:
    """Show rejected rows: file, line, column, value and reason.

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


TASK_COLUMNS = {  # heading, which is also the JSON key: attribute of TaskStatus
    "task": "name",
    "enabled": "enabled",
    "c": "weight",
    "pairs": "pairs",
    "share": "share",
    "loss": "loss",
    "chance": "chance",
    "held_out": "held_out",
    "auc": "auc",
    "auc_start": "auc_start",
    "weight of a pair": "pair_weight",
}


@click.command()
@output_options
@command_with_progress
def tasks(config: Config, progress: CommandProgress, as_json: bool, as_csv: bool) -> None:
    """List the training tasks: pairs in the graph, share of the batches, loss, loss of a random model, weights.

    `[tasks.NAME] enabled = false` disables a task. A task with a larger `weight` (c of c·√pairs) is drawn more often.

    Example:  generel-graph tasks
    """
    from generel_graph.graph.open import open_graph
    from generel_graph.pipeline.sync import list_tasks

    with progress, open_graph(config, progress) as graph:
        statuses = list_tasks(graph, config, progress)
    rows = [[getattr(task, attribute) for attribute in TASK_COLUMNS.values()] for task in statuses]
    if not as_json and not as_csv:
        rows = [[round(v, 3) if isinstance(v, float) else v for v in row] for row in rows]
    print_rows(list(TASK_COLUMNS), rows, as_json=as_json, as_csv=as_csv)


@click.command()
@click.argument("model", required=False)
@click.option("--tensorboard", is_flag=True, help="Also write event files for TensorBoard.")
@click.option("--effects", is_flag=True, help="Plot cosine against odds ratio for the active model instead.")
@command_with_progress
def plot(config: Config, progress: CommandProgress, model: str | None, tensorboard: bool, effects: bool) -> None:
    """Plot the training log of MODEL (default: the newest, finished or running) as losses.png and losses.svg.

    One panel per task shows the loss relative to that of a random model, and the AUC of held-out pairs with the AUC
    before training. --effects writes effects.png instead: whether pairs with a higher cosine have larger odds ratios,
    with Spearman's correlation.

    Example:  generel-graph plot
    """
    if not effects:
        from generel_graph.pipeline.train import plot_model

        for path in plot_model(config, model, tensorboard):
            click.echo(path)
        return
    if model or tensorboard:
        raise UsageError(
            "--effects always uses the active model",
            where="--effects",
            found=model or "--tensorboard",
            next_step="remove MODEL and --tensorboard",
        )
    _plot_effects(config, progress)


def _plot_effects(config: Config, progress: CommandProgress) -> None:
    from generel_graph.plots.effects import agreements, draw_effects
    from generel_graph.session import open as open_session

    with progress, open_session(config, progress) as session:
        pairs = session.effects(progress).frame()
    results = agreements(pairs)
    columns = ["edges", "held out", "pairs", "Spearman", "95 % from", "to"]
    print_rows(columns, [[r.type, r.held_out, r.pairs, r.spearman, r.ci_low, r.ci_high] for r in results])
    click.echo(draw_effects(pairs, results, config.model_folder(pairs.attrs["model"]) / "effects.png"))


@click.command()
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.pass_context
def doctor(ctx: click.Context, as_json: bool) -> None:
    """Check the requirements: Python, memory, configuration, disk, files, encoder, Java, jars and server.

    Example:  generel-graph doctor
    """
    checks = run_checks(ctx.obj["config"])
    rows = [[check.name, check.ok, check.result, "" if check.ok else check.next_step] for check in checks]
    print_rows(["check", "ok", "found", "next"], rows, as_json=as_json)
    if not all(check.ok for check in checks):
        ctx.exit(1)


FREE_DISK = 2 * 2**30  # bytes: for jars, store and the CSV of a bulk import
FREE_MEMORY = 2 * 2**30  # bytes: for the server's heap and training


@dataclass(frozen=True, slots=True)
class Requirement:
    """A requirement and whether it is met."""

    name: str
    ok: bool
    result: str
    next_step: str = ""


def run_checks(config_path: str | None) -> list[Requirement]:
    """Check all requirements; a failed check is part of the result and raises nothing."""
    checks = [
        Requirement("python", sys.version_info >= (3, 11), sys.version.split()[0], "install Python 3.11 or newer"),
        _check_memory(),
    ]
    try:
        config = load_config(Path(config_path) if config_path else None)
    except GenerelError as error:
        checks.append(Requirement("configuration", False, error.what, error.next_step))
        return checks
    checks.append(Requirement("configuration", True, str(config.path)))
    checks.append(_check_disk(config))
    checks.extend(_check(f"files of {s.name}", partial(_files, config, s)) for s in config.sources)
    checks.append(_check("encoder", lambda: _encoder(config)))
    if not config.neo4j.uri:
        checks.append(_check("java", lambda: _java(config)))
        checks.append(_check("jars", lambda: _jars(config)))
    checks.append(_check("neo4j", lambda: _graph(config)))
    return checks


def _check(name: str, describe: Callable[[], str]) -> Requirement:
    """A requirement that is met if `describe` raises no GenerelError."""
    try:
        return Requirement(name, True, describe())
    except GenerelError as error:
        result = error.what if error.found is None else f"{error.what} ({error.found})"
        return Requirement(name, False, result, error.next_step)


def _check_memory() -> Requirement:
    free = psutil.virtual_memory().available
    return Requirement("memory", free >= FREE_MEMORY, f"{free / 2**30:.1f} GiB free", "close other programs")


def _check_disk(config: Config) -> Requirement:
    folder = next(p for p in (config.state, *config.state.parents) if p.exists())
    free = shutil.disk_usage(folder).free
    return Requirement(
        "disk", free >= FREE_DISK, f"{free / 2**30:.1f} GiB free at {folder}", "set state_dir to another disk"
    )


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
    count = len(list(jars.glob("*.jar"))) if jars.is_dir() else 0
    return f"{count} jars at {jars}" if count else "not downloaded: the first command that needs them downloads them"


def _graph(config: Config) -> str:
    from generel_graph.graph.open import open_graph
    from generel_graph.server import find

    if not config.neo4j.uri and find(config) is None:
        return "not running: the first command that needs the server starts it"
    with open_graph(config) as graph:
        return f"{graph.capabilities.version} {graph.capabilities.edition} at {graph.uri}"
