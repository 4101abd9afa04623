"""What `demo` prints: what was loaded, trained and written, then four answers."""

from __future__ import annotations

import shutil
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from generel_etl.progress import Progress
from generel_graph.cli.output import print_table

if TYPE_CHECKING:
    import pandas as pd

    from generel_graph.demo import Answers
    from generel_graph.metrics import Result
    from generel_graph.session import Session


def run(folder: Path, progress: Progress) -> None:
    """Prepare, sync, ask, print."""
    from generel_graph.cli.output import print_report
    from generel_graph.config import load_config
    from generel_graph.demo import answer, prepare
    from generel_graph.pipeline.sync import sync
    from generel_graph.session import open as open_session

    began = time.monotonic()
    prepared = prepare(folder)
    config = load_config(prepared.config)
    report = sync(config, progress)
    with open_session(config, progress) as session:
        answers = answer(session, prepared)
        pictures = _pictures(session, answers, folder, progress)
    _head("What was loaded, trained and written")
    print_report(report, as_json=False)
    _loci(answers)
    _effects(answers)
    _wording(answers)
    _figure(answers, len(prepared.hidden.unique(["locus", "disease_id"])))
    _head("Pictures")
    click.echo("\n".join(pictures))
    _head("Look further")
    program = "generel-graph" if shutil.which("generel-graph") else sys.argv[0]
    at = f"{program} --config {prepared.config}"
    click.echo(f"{at} browser    # the same graph in Neo4j Browser")
    click.echo(f'{at} search "joint pain" --kind Drug    # any wording, code, rsID or gene')
    click.echo(f"{at} search rs2476601 --kind Disease")
    click.echo(f"{program} init my-project    # your own table: name it in generel.toml, then sync")
    click.echo(f"\n{time.monotonic() - began:.0f} seconds in all")


def _pictures(session: Session, answers: Answers, folder: Path, progress: Progress) -> list[str]:
    """Draw map and evidence beside the demo's folder; where the pictures are, or what to install for them."""
    from generel_graph.demo.answers import ARTHRITIS, WORDING
    from generel_graph.demo.data import SNP
    from generel_graph.plots.evidence import draw_evidence
    from generel_graph.plots.libraries import INSTALL, MAP, missing
    from generel_graph.plots.map import draw_map

    if module := missing(*MAP):
        return [f"not drawn: {module} is not installed; {INSTALL}"]
    beside = folder.absolute()
    snp = answers.loci["snp"].iloc[0] if len(answers.loci) else SNP
    why = draw_evidence(session.explain(snp, ARTHRITIS).graph(), beside.with_name(f"{beside.name}-{snp}.png"))
    page, still = draw_map(
        session.map(progress=progress),
        beside.with_name(f"{beside.name}-map.html"),
        marks={WORDING: answers.wording["id"].tolist()},
        title="The quick start's space",
    )
    return [
        f"{page}    # the space: open it in a browser, zoom, point, filter",
        f"{still}",
        f"{why}    # why {snp} is near",
    ]


def _head(text: str) -> None:
    click.echo()
    click.secho(text, bold=True)


def _loci(answers: Answers) -> None:
    _head("(a) Loci near rheumatoid arthritis that are not linked to it and hold a gene that a drug targets")
    columns = ("snp", "place", "cosine", "known for", "gene", "drugs", "treats", "was hidden")
    rows = [
        [
            row["snp"],
            f"{row['chromosome']}:{row['position']}",
            row["cosine"],
            _few(row["known_for"], 3),
            row["gene"],
            _few(row["drugs"], 2),
            _few(row["treats"], 3),
            "yes" if row["hidden_truth"] else "",
        ]
        for row in answers.loci.to_dict("records")
    ]
    print_table(columns, rows)
    click.echo(
        "was hidden: the link to rheumatoid arthritis is in the literature and was taken out of the graph.\n"
        "One statement found them, by edges and nearness at once; paste it into Neo4j Browser:\n"
    )
    click.secho(answers.cypher, dim=True)


def _effects(answers: Answers) -> None:
    _head("(b) rs2476601 (PTPN22): one allele, opposite directions")
    columns = ("disease", "allele", "odds_ratio", "direction", "neg_log10_p", "pubmed_id", "published", "source")
    print_table(columns, _rows(answers.effects, columns))


def _wording(answers: Answers) -> None:
    _head('(c) "morning joint stiffness", a wording that no vocabulary has')
    click.echo(f"nearest concept: {answers.nearest}; known: an edge joins them; new: none does")
    columns = ("kind", "name", "cosine", "mark", "codes")
    print_table(columns, _rows(answers.wording, columns))


def _figure(answers: Answers, hidden: int) -> None:
    _head("(d) What it is worth: locus–disease pairs that were hidden from all of this")
    click.echo(
        f"{hidden} locus–disease pairs, a fifth, were hidden (seeded). AUC of the {answers.positives} hidden against "
        f"{answers.negatives} unreported pairs\nat the {answers.loci_tested} loci that several of the twelve diseases "
        "share, with 95 % intervals (bootstrap over loci):"
    )
    print_table(["method", "AUC", "95 %", "the space minus it", "95 %"], [_line(result) for result in answers.figure])
    click.echo(
        f"What it means: {_verdict(answers.figure)}.\n"
        "Diseases that share some loci share more of them, in a small table that was chosen by hand: no discovery.\n"
        "Unreported is not unassociated, and a curated table favours well-studied loci. The evaluation proper is on\n"
        "the full catalogue, on papers of later years."
    )


def _verdict(figure: Sequence[Result]) -> str:
    """What the intervals allow to be said, whatever came out."""
    space, *others = figure
    chance = "ranks hidden pairs above unreported ones" if space.ci_low > 0.5 else "is not shown to beat chance"
    ahead = [r.method for r in others if r.ahead_low > 0]
    level = [r.method for r in others if r.ahead_low <= 0 <= r.ahead_high]
    behind = [r.method for r in others if r.ahead_high < 0]
    said = [f"the space {chance}"]
    said += [f"it is ahead of {', '.join(ahead)}"] if ahead else []
    said += [f"not separable here from {', '.join(level)}"] if level else []
    said += [f"behind {', '.join(behind)}"] if behind else []
    return ";\n  ".join(said)


def _line(result: Result) -> list[Any]:
    first = result.ahead == 0.0 and result.ahead_low == 0.0
    ahead = ["", ""] if first else [f"{result.ahead:+.3f}", f"{result.ahead_low:+.3f} … {result.ahead_high:+.3f}"]
    return [result.method, result.value, f"{result.ci_low:.3f} … {result.ci_high:.3f}", *ahead]


def _rows(frame: pd.DataFrame, columns: Sequence[str]) -> list[list[Any]]:
    return [[_cell(value) for value in row] for row in frame[list(columns)].itertuples(index=False)]


def _cell(value: Any) -> Any:
    if isinstance(value, list):
        return _few(value, 4)
    return None if value is None or value != value else value  # noqa: PLR0124  NaN


def _few(values: Sequence[str], n: int) -> str:
    more = f" +{len(values) - n}" if len(values) > n else ""
    return ", ".join(values[:n]) + more
