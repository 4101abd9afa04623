"""What `demo` prints: the report of the sync, the answers to four questions, and the files it drew."""

from __future__ import annotations

import shutil
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from generel_etl.progress import Progress
from generel_graph.cli.output import format_difference, format_value, print_table

if TYPE_CHECKING:
    import pandas as pd

    from generel_graph.demo import Answers
    from generel_graph.evaluate import Benchmark
    from generel_graph.metrics import Result
    from generel_graph.session import Session

# The demo's names of the methods of `evaluate`.
METHOD_NAMES = {"frozen text": "untrained text", "degree product": "degree"}


def run(folder: Path, progress: Progress) -> None:
    """Prepare the data, run the sync, answer the questions, and print all results."""
    from generel_graph.cli.output import print_report
    from generel_graph.config import load_config
    from generel_graph.demo import answer, prepare
    from generel_graph.pipeline.sync import sync
    from generel_graph.session import open as open_session

    began = time.monotonic()
    project = prepare(folder)
    config = load_config(project.config)
    report = sync(config, progress)
    with open_session(config, progress) as session:
        answers = answer(session, project, progress)
        pictures = _draw_pictures(session, answers, folder, progress)
    _print_heading("What was loaded, trained and written")
    print_report(report, as_json=False)
    _print_loci(answers)
    _print_effects(answers)
    _print_text_hits(answers)
    _print_hidden_pairs(answers)
    print_tasks(answers.tasks)
    _print_heading("Pictures")
    click.echo("\n".join(pictures))
    _print_heading("Try next")
    program = "generel-graph" if shutil.which("generel-graph") else sys.argv[0]
    command = f"{program} --config {project.config}"
    click.echo(f"{command} browser    # open this graph in Neo4j Browser")
    click.echo(f'{command} search "joint pain" --kind Drug    # free text, a code, an rsID or a gene symbol')
    click.echo(f"{command} search rs2476601 --kind Disease")
    click.echo(f"{program} init my-project    # your own table: add it to generel.toml, then run sync")
    click.echo(f"\nThe demo took {time.monotonic() - began:.0f} seconds.")


def _draw_pictures(session: Session, answers: Answers, folder: Path, progress: Progress) -> list[str]:
    """Draw the map and the evidence next to the demo's folder; the lines to print: their paths, or what to install."""
    from generel_graph.demo.answers import ARTHRITIS, FREE_TEXT
    from generel_graph.demo.data import SNP
    from generel_graph.plots.evidence import draw_evidence
    from generel_graph.plots.libraries import INSTALL, MAP_LIBRARIES, missing
    from generel_graph.plots.map import draw_map

    if module := missing(*MAP_LIBRARIES):
        return [f"not drawn: {module} is not installed; {INSTALL}"]
    demo = folder.absolute()
    snp = answers.loci["snp"].iloc[0] if len(answers.loci) else SNP
    evidence = draw_evidence(session.explain(snp, ARTHRITIS).graph(), demo.with_name(f"{demo.name}-{snp}.png"))
    page, image = draw_map(
        session.map(progress=progress).frame(),
        demo.with_name(f"{demo.name}-map.html"),
        marks={FREE_TEXT: answers.text_hits["id"].tolist()},
        title="The embedding space of the quick start",
    )
    return [
        f"{page}    # map of the space: open it in a browser to zoom and filter",
        f"{image}",
        f"{evidence}    # evidence between {snp} and rheumatoid arthritis",
    ]


def _print_heading(text: str) -> None:
    click.echo()
    click.secho(text, bold=True)


def _print_loci(answers: Answers) -> None:
    _print_heading("(a) Loci near rheumatoid arthritis that are not linked to it and have a gene that a drug targets")
    columns = ("SNP", "position (GRCh38)", "cosine", "known for", "gene", "drugs", "drugs treat", "hidden link")
    rows = [
        [
            row["snp"],
            f"{row['chromosome']}:{row['position']}",
            row["cosine"],
            _first(row["known_for"], 3),
            row["gene"],
            _first(row["drugs"], 2),
            _first(row["treats"], 2),
            "yes" if row["hidden_truth"] else "",
        ]
        for row in answers.loci.to_dict("records")
    ]
    print_table(columns, rows)
    click.echo(
        "hidden link: the published link to rheumatoid arthritis is one of the pairs that the demo removed.\n"
        "One Cypher statement combines edges and similarity; paste it into Neo4j Browser:\n"
    )
    click.secho(answers.cypher, dim=True)


def _print_effects(answers: Answers) -> None:
    _print_heading("(b) rs2476601 (PTPN22): the same allele raises the risk of some diseases and lowers that of others")
    columns = ("disease", "allele", "odds_ratio", "direction", "neg_log10_p", "pubmed_id", "published", "source")
    headings = ("disease", "allele", "odds ratio", "risk", "−log10 p", "PubMed id", "published", "source")
    print_table(headings, _rows(answers.effects, columns))


def _print_text_hits(answers: Answers) -> None:
    _print_heading('(c) Concepts near the free text "morning joint stiffness", which is in no vocabulary')
    click.echo(
        f"nearest concept: {answers.nearest}; known: an edge links the hit to this concept; new: no edge links them"
    )
    columns = ("kind", "name", "cosine", "mark", "codes")
    print_table(("kind", "name", "cosine", "link", "codes"), _rows(answers.text_hits, columns))


def _print_hidden_pairs(answers: Answers) -> None:
    test = answers.hidden_pairs
    _print_heading("(d) Evaluation, part 1: locus–disease pairs that were removed from the data before loading")
    click.echo(
        f"A fifth of the locus–disease pairs was removed at random with a fixed seed. The table shows the AUC of\n"
        f"{test.hidden} removed pairs against {test.unreported} pairs that no paper reports, at the {test.loci} loci "
        "that several diseases share,\nwith 95 % intervals (bootstrap over loci). Chance level is 0.5."
    )
    rows = [[r.method, format_value(r), "" if r is test.results[0] else format_difference(r)] for r in test.results]
    print_table(("method", "AUC [95 %]", "the space minus method [95 %]"), rows)
    click.echo(
        f"{summary(test.results)}\n"
        "The table of the quick start was chosen by hand. Diseases that share some loci share more of them, so this\n"
        "is not a test of discovery. An unreported pair may still be associated."
    )


def print_tasks(benchmarks: Sequence[Benchmark]) -> None:
    """Print the held-out AUC of every training task, beside the baselines."""
    from generel_graph.evaluate.task_tests import MIN_PAIRS

    _print_heading(f"(d) Evaluation, part 2: every training task with at least {MIN_PAIRS} held-out pairs")
    click.echo(
        "A second model was trained without a fifth of each task's pairs. The table shows the AUC of these pairs\n"
        "against negatives drawn as often as the task contains them, with 95 % intervals (bootstrap over the left\n"
        "nodes of the pairs). These degree-matched negatives remove most of the advantage of well-studied nodes."
    )
    names = [METHOD_NAMES.get(r.method, r.method) for r in benchmarks[0].results] if benchmarks else []
    rows = [
        [
            b.name,
            b.n,
            *map(format_value, b.results),
            *(format_difference(r) for r in b.results if r.method == "text propagation"),
        ]
        for b in benchmarks
    ]
    headings = ("task", "held-out pairs", *names, *(["the space minus text propagation"] if benchmarks else []))
    print_table(headings, rows, title="AUC [95 % interval]")
    click.echo(
        f"{_task_summary(benchmarks)}\n"
        "Held-out pairs are drawn at random, and other pairs of the same study may be in training. `generel-graph\n"
        "evaluate` tests predictions instead: it trains on earlier papers and ranks the pairs of later ones."
    )


def summary(results: Sequence[Result]) -> str:
    """What the intervals show, whatever the result is."""
    space, *others = results
    better = [r.method for r in others if r.ahead_low > 0]
    similar = [r.method for r in others if r.ahead_low <= 0 <= r.ahead_high]
    worse = [r.method for r in others if r.ahead_high < 0]
    above = "above chance level" if space.ci_low > 0.5 else "not shown to be above chance level"
    parts = [f"The space is {above}"]
    parts += [f"better than {', '.join(better)}"] if better else []
    parts += [f"worse than {', '.join(worse)}"] if worse else []
    parts += [f"not distinguishable from {', '.join(similar)}"] if similar else []
    return ";\n  ".join(parts) + "."


def _task_summary(benchmarks: Sequence[Benchmark]) -> str:
    """On which tasks the interval of the difference to text propagation excludes zero."""
    results = {b.name: r for b in benchmarks for r in b.results if r.method == "text propagation"}
    better = [name for name, r in results.items() if r.ahead_low > 0]
    worse = [name for name, r in results.items() if r.ahead_high < 0]
    similar = [name for name in results if name not in (*better, *worse)]
    parts = [f"The space is better than text propagation on {len(better)} of {len(results)} tasks"]
    parts += [f"worse on {', '.join(worse)}"] if worse else []
    parts += [f"not distinguishable from it on {', '.join(similar)}"] if similar else []
    return ";\n  ".join(parts) + "."


def _rows(frame: pd.DataFrame, columns: Sequence[str]) -> list[list[Any]]:
    return [[_cell(value) for value in row] for row in frame[list(columns)].itertuples(index=False)]


def _cell(value: Any) -> Any:
    if isinstance(value, list):
        return _first(value, 4)
    return None if value is None or value != value else value  # noqa: PLR0124  NaN


def _first(values: Sequence[str], n: int) -> str:
    more = f" +{len(values) - n}" if len(values) > n else ""
    return ", ".join(values[:n]) + more
