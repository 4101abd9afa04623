"""The commands that both checkouts run on a project, and what they answer."""

from __future__ import annotations

import contextlib
import json
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

# Arguments that a checkout spells differently from the questions below: {"--lexical": ("--by", "words")}.
OTHER_NAMES: Mapping[str, Mapping[str, tuple[str, ...]]] = {"before": {}, "after": {}}

IMPORTED = "imported"  # the model that `embed --from` makes of the exported vectors
TIMEOUT = 7200  # seconds of one command
TWO_MODELS = "changed_between_models"  # the recipe that needs a second model
SEARCHES: dict[str, tuple[str, ...]] = {
    "name": ("rheumatoid arthritis",),
    "rsID": ("rs2476601",),
    "code": ("MONDO:0005148", "-k", "5"),
    "gene symbol": ("PTPN22", "--kind", "Disease"),
    "free text": ("morning joint stiffness",),
    "kind": ("asthma", "--kind", "SNP", "-k", "20"),
    "two kinds": ("asthma", "--kind", "Gene", "--kind", "Drug"),
    "not linked": ("rheumatoid arthritis", "--kind", "SNP", "--not-linked"),
    "not linked by a type": ("rheumatoid arthritis", "--kind", "Gene", "--not-linked-by", "GENE_ASSOCIATED_WITH"),
    "one per locus": ("rheumatoid arthritis", "--kind", "SNP", "--one-per-locus"),
    "lexical": ("arthritis", "--lexical"),
    "hybrid": ("arthritis", "--hybrid"),
    "weights": ("asthma", "type 1 diabetes mellitus", "--weights", "1,0.5", "--minus", "psoriasis", "--kind", "Gene"),
    "region": ("rheumatoid arthritis", "--kind", "SNP", "--region", "GRCh38:1:100000000-130000000"),
    "within": ("rheumatoid arthritis", "--kind", "SNP", "--within", "2", "--of", "PTPN22"),
    "exact": ("asthma", "--exact", "--all-codes"),
    "position": ("GRCh38:1:113834000",),
}
QUERIES: dict[str, str] = {
    "kinds": "MATCH (n:Entity) RETURN n.kind AS kind, labels(n) AS labels, count(*) AS n ORDER BY kind, labels",
    "edge types": "MATCH ()-[r]->() WITH type(r) AS type, count(*) AS n, collect(keys(r)) AS some UNWIND some AS one "
    "UNWIND one AS key WITH type, n, key ORDER BY key RETURN type, n, collect(DISTINCT key) AS keys ORDER BY type",
    "paths": "MATCH p = (:SNP {id: 'rs2476601'})-[r]->(n:Concept) RETURN n.id AS id, r.key AS key, type(r) AS type, "
    "length(p) AS steps, properties(r) AS properties ORDER BY id, type, key",
}
PAIRS = (
    "MATCH (s:SNP)-[:ASSOCIATED_WITH]->(d:Disease) RETURN DISTINCT s.id AS snp, d.id AS disease, d.name AS name "
    "ORDER BY disease, snp LIMIT 200"
)


@dataclass(frozen=True, slots=True)
class Question:
    """One command whose JSON is compared; `rules` is the command that `json_difference.RULES` calls it by."""

    rules: str
    arguments: tuple[str, ...]
    name: str = ""

    @property
    def title(self) -> str:
        """What the report calls it."""
        return self.name or " ".join(argument for argument in self.arguments if argument != "--json")


@dataclass(frozen=True, slots=True)
class Answer:
    """The result of one command: exit code, the JSON it printed (a TSV as rows), the seconds it took."""

    code: int
    value: Any
    seconds: float


@dataclass(frozen=True, slots=True)
class Checkout:
    """One checkout, and the environment that its commands run in."""

    side: str  # "before" or "after"
    folder: Path
    environment: Mapping[str, str]

    def run(self, project: Path, arguments: Sequence[str]) -> subprocess.CompletedProcess[str]:
        """Run one command of the program in the folder of a project."""
        names = OTHER_NAMES[self.side]
        spelled = [other for argument in arguments for other in names.get(argument, (argument,))]
        return self.python(project, ["-m", "generel_graph", *spelled])

    def python(self, project: Path, arguments: Sequence[str]) -> subprocess.CompletedProcess[str]:
        """Run Python with the packages of this checkout, whatever is installed."""
        return subprocess.run(
            [sys.executable, *arguments],
            cwd=project,
            env=self.environment,
            capture_output=True,
            text=True,
            timeout=TIMEOUT,
            check=False,
        )

    def must_run(self, project: Path, arguments: Sequence[str]) -> str:
        """Run one command without which nothing can be compared; its stdout. Raises SystemExit if it fails."""
        began = time.monotonic()
        done = self.run(project, arguments)
        self.report(project, arguments[0], time.monotonic() - began)
        if done.returncode:
            raise SystemExit(f"{self.side}: {' '.join(arguments)} failed ({done.returncode}):\n{done.stderr[-3000:]}")
        return done.stdout

    def report(self, project: Path, what: str, seconds: float) -> None:
        """Print the time of one command on stderr."""
        print(f"{self.side:6} {seconds:7.1f} s  {project.name}: {what}", file=sys.stderr, flush=True)

    def ask(self, project: Path, question: Question) -> Answer:
        """Run the command of a question; a failing command is an answer too."""
        began = time.monotonic()
        done = self.run(project, question.arguments)
        seconds = time.monotonic() - began
        self.report(project, question.title, seconds)
        return Answer(done.returncode, None if done.returncode else _parsed(done.stdout), round(seconds, 1))


def collect(side: Checkout, inputs: Path, folder: Path, settings: Mapping[str, str]) -> None:
    """Run one checkout on one project; its answers (`answers.json`) and exports are in `folder` afterwards."""
    shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree(inputs, folder)
    more = {"GENEREL_TRAIN_ADAPTER_STEPS": settings["GENEREL_TRAIN_STEPS"]} if settings else {}
    side = Checkout(side.side, side.folder, {**side.environment, **settings, **more})
    answers: dict[str, dict[str, Any]] = {}
    try:
        for question in questions(side, folder):
            answer = side.ask(folder, question)
            answers[question.title] = {"rules": question.rules, **asdict(answer)}
    finally:
        with contextlib.suppress(subprocess.SubprocessError):
            side.run(folder, ["db", "stop"])
    (folder / "answers.json").write_text(json.dumps(answers), encoding="utf-8")


def questions(side: Checkout, folder: Path) -> Iterator[Question]:
    """All commands in their order; those between them that only prepare the next ones are run here."""
    synced = json.loads(side.must_run(folder, ["sync", "--json"]))
    (folder / "sync.json").write_text(json.dumps(synced), encoding="utf-8")
    yield Question("sync", ("sync", "--json"), "sync, the second time")
    yield Question("sync", ("sync", "--dry-run", "--json"))
    for command in ("status", "tasks", "models", "rejects"):
        yield Question(command, (command, "--json"))
    for name, arguments in SEARCHES.items():
        yield Question("search", ("search", *arguments, "--json"), f"search: {name}")
    for left, right in (("rs2476601", "rheumatoid arthritis"), ("PTPN22", "type 1 diabetes mellitus"),
                        ("asthma", "HP:0001369"), ("swollen joints", "rheumatoid arthritis")):  # fmt: skip
        yield Question("explain", ("explain", left, right, "--json"))
    yield Question("locus", ("locus", "rs2476601", "--disease", "rheumatoid arthritis", "--json"))
    yield Question("query", ("query", PAIRS, "--json"), "query: reported pairs")
    pairs = json.loads(side.must_run(folder, ["query", PAIRS, "--json"]))
    write_pairs(folder / "pairs.tsv", pairs)
    yield Question("score", ("score", "pairs.tsv"))
    yield Question("evaluate", ("evaluate", "pairs.tsv", "--draws", "50", "--json"), "evaluate: pairs")
    yield Question("evaluate", ("evaluate", "--years", "2012", "--draws", "50", "--json"), "evaluate: papers of 2012")
    for name, statement in QUERIES.items():
        yield Question("query", ("query", statement, "--json"), f"query: {name}")
    yield Question("recipe list", ("recipe", "--json"), "recipe: the list")
    recipes = [row["recipe"] for row in json.loads(side.must_run(folder, ["recipe", "--json"]))]
    text = ("-p", "vector=morning joint stiffness")
    for name in recipes:
        if name != TWO_MODELS:
            yield Question("recipe", ("recipe", name, *(text if name == "concepts_near_text" else ()), "--json"))
    for what in ("nodes", "edges"):
        side.must_run(folder, ["export", what, f"{what}.parquet"])
    side.must_run(folder, ["export", "vectors", "vectors"])
    given = ("embed", "--from", "vectors/vectors.parquet", "--name", IMPORTED, "--json")
    yield Question("embed", given, "embed: the exported vectors")
    yield Question("search", ("search", "rheumatoid arthritis", "--json"), "search: the imported model")
    model = synced["model"]["id"]
    side.must_run(folder, ["models", "activate", model])
    yield Question("models", ("models", "--json"), "models: both")
    yield Question("models compare", ("models", "compare", model, IMPORTED, "--json"), "models compare")
    if TWO_MODELS in recipes:
        yield Question("recipe", ("recipe", TWO_MODELS, "--json"))


def write_pairs(path: Path, reported: Sequence[Mapping[str, Any]]) -> None:
    """Write a table for `score` and `evaluate`: reported pairs, each SNP with another disease, and other ends."""
    lines = [f"{row['snp']}\t{row['disease']}\t1" for row in reported]
    half = len(reported) // 2
    lines += [f"{row['snp']}\t{reported[(i + half) % len(reported)]['name']}\t0" for i, row in enumerate(reported)]
    others = (("PTPN22", "rheumatoid arthritis", 1), ("morning joint stiffness", "asthma", 0), ("rs1", "asthma", 0),
              ("GRCh38:1:113834000", "rheumatoid arthritis", 1), ("", "asthma", 0))  # fmt: skip
    lines += [f"{left}\t{right}\t{label}" for left, right, label in others]
    path.write_text("\n".join(["left\tright\tlabel", *lines, ""]), encoding="utf-8")


def _parsed(text: str) -> Any:
    """The JSON that a command printed, or the rows of a tab-separated table."""
    try:
        return json.loads(text)
    except json.JSONDecodeError:
        head, *rows = (line.split("\t") for line in text.splitlines())
        return [dict(zip(head, row, strict=True)) for row in rows]
