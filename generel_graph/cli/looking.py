"""Commands that look: status, rejects, tasks, plot, doctor."""

from __future__ import annotations

import click

from generel_graph.cli.options import configuration, output_options, quiet_option
from generel_graph.cli.report import print_report
from generel_graph.cli.terminal import print_rows, progress_bars
from generel_graph.errors import UsageError


@click.command()
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@quiet_option
@click.pass_context
def status(ctx: click.Context, as_json: bool, quiet: bool) -> None:
    """Tell what the graph holds: sources with their counts, tasks, the model in use.

    Example:  generel-graph status
    """
    from generel_graph.sync import status as read_status

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
    from generel_graph.reading import rejects as read_rejects

    table = read_rejects(configuration(ctx), source)
    if not as_json and not as_csv:
        reasons = table.group_by("source", "reason").len("rows").sort("source", "rows", descending=[False, True])
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
    from generel_graph.sync import tasks as list_tasks

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
        from generel_graph.modelling import plot_model

        for path in plot_model(configuration(ctx), model, tensorboard):
            click.echo(path)
        return
    if model or tensorboard:
        raise UsageError("this is drawn of the active model, alone", where="--effects", found=model or "--tensorboard")
    _plot_effects(ctx, quiet)


def _plot_effects(ctx: click.Context, quiet: bool) -> None:
    from generel_graph.draw.effects import agreements, draw_effects
    from generel_graph.session import open as open_session

    config = configuration(ctx)
    with progress_bars(quiet) as progress, open_session(config, progress) as session:
        pairs = session.effects(progress)
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
    from generel_graph.doctor import examine

    findings = examine(ctx.obj["config"])
    rows = [[f.name, f.ok, f.found, "" if f.ok else f.next_step] for f in findings]
    print_rows(["check", "ok", "found", "next"], rows, as_json=as_json)
    if not all(f.ok for f in findings):
        ctx.exit(1)
