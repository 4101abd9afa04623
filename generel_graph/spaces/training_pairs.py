"""Whether a model's training saw an edge: the rules of `cypher/corpus/` for single edges, and what was held out."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from generel_etl.relations import KNOWLEDGE, SNP_GENE
from generel_graph.ask.space import HELD_OUT, TRAINED, UNSEEN, EdgeFacts, TrainingExposure
from generel_graph.corpus.tasks import TASKS

LEAST_R2 = 0.2  # of the task ld
UNDATED_GO = frozenset({"gwas"})  # tasks that leave out reports without a date where there is a cut-off
DATED = frozenset({"gwas", "phewas", "snp_gene"})  # tasks that look at dates
WEIGHED = frozenset({"gwas", "phewas", "eqtl", "co_occurrence"})  # tasks that look at weight and flags
BY_TYPE = {"ASSOCIATED_WITH": "gwas", "CORRELATES_WITH": "phewas", "REGULATES": "eqtl", "IN_LD_WITH": "ld"} | {
    "IS_A": "hierarchy",
    "CO_OCCURS_WITH": "co_occurrence",
    **dict.fromkeys(SNP_GENE, "snp_gene"),
}
COMPOSED = "gene_trait"


def sampled_by(edge: EdgeFacts, published_before: date | None) -> str | None:
    """The task whose Cypher file gives this edge as a pair; None if none does."""
    weight = edge.weight or 0.0
    if edge.type in KNOWLEDGE:
        return _by_kinds(edge.start_kind, edge.end_kind) if weight > 0 else None
    task = BY_TYPE.get(edge.type)
    if task is None or (task == "ld" and (edge.r2 or 0.0) < LEAST_R2):
        return None
    if task in WEIGHED and (weight <= 0 or {"sub_significant", "depleted"} & set(edge.flags)):
        return None
    if published_before is not None and task in DATED:
        late = edge.published >= published_before if edge.published is not None else task in UNDATED_GO
        return None if late else task
    return task


def _by_kinds(start: str, end: str) -> str | None:
    for task in TASKS:
        if task.kinds is not None:
            one, other = task.kinds
            if (start in one and end in other) or (end in one and start in other):
                return task.name
    return None


@dataclass(frozen=True, slots=True)
class Training:
    """What one model was trained on."""

    tasks: frozenset[str]
    published_before: date | None
    held_out: Path  # its `held_out.parquet`

    def training_exposure(
        self, ends: tuple[str, str], edges: Sequence[EdgeFacts], ways: Sequence[tuple[EdgeFacts, EdgeFacts]] = ()
    ) -> TrainingExposure:
        """The answer for a pair of clusters from the edges between them, and of a gene and a trait from its ways."""
        tasks = [self._task(edge) for edge in edges]
        told = zip(edges, tasks, strict=True)
        held = self._held({end for edge, task in told if task for end in (edge.start, edge.end)})
        answers = [
            UNSEEN if task is None else HELD_OUT if (edge.start, edge.end) in held else TRAINED
            for edge, task in zip(edges, tasks, strict=True)
        ]
        names = {task for task in tasks if task}
        if (composed := self._composed(ends, ways)) != UNSEEN:
            names.add(COMPOSED)
        answer = next((a for a in (TRAINED, HELD_OUT) if a in (*answers, composed)), UNSEEN)
        return TrainingExposure(answer, tuple(sorted(names)), tuple(answers))

    def _task(self, edge: EdgeFacts) -> str | None:
        task = sampled_by(edge, self.published_before)
        return task if task in self.tasks else None

    def _composed(self, ends: tuple[str, str], ways: Sequence[tuple[EdgeFacts, EdgeFacts]]) -> str:
        """Of a gene and a trait: held out as a pair, or by each of its ways; else trained on."""
        whole = [
            (to_gene, to_trait)
            for to_gene, to_trait in ways
            if sampled_by(to_gene, self.published_before) == "snp_gene"
            and sampled_by(to_trait, self.published_before) == "gwas"
        ]
        if COMPOSED not in self.tasks or not whole:
            return UNSEEN
        held = self._held({*ends, *(end for way in whole for edge in way for end in (edge.start, edge.end))})
        free = [way for way in whole if not any((edge.start, edge.end) in held for edge in way)]
        return TRAINED if free and ends not in held else HELD_OUT

    def _held(self, ids: Collection[str]) -> frozenset[tuple[str, str]]:
        """The held-out pairs among some nodes, both ways round."""
        if not ids or not self.held_out.is_file():
            return frozenset()
        import polars as pl

        some = pl.scan_parquet(self.held_out).filter(pl.col("anchor").is_in(ids) & pl.col("positive").is_in(ids))
        rows = some.select("anchor", "positive").collect().rows()
        return frozenset(rows) | frozenset((b, a) for a, b in rows)
