"""Direct evidence: edges with their sources, and their effects converted to one allele."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from generel_etl.relations import NEGATED, RELATIONS, SYMMETRIC
from generel_graph.ask.networks import plain
from generel_graph.ask.space import UNSEEN
from generel_graph.graph import Graph

RAISES, LOWERS = "raises", "lowers"
EFFECTS = ("ASSOCIATED_WITH", "CORRELATES_WITH", "REGULATES")  # of an allele


@dataclass(frozen=True, slots=True)
class Evidence:
    """One edge."""

    type: str
    start: str  # id
    end: str
    start_kind: str
    end_kind: str
    start_name: str
    end_name: str
    start_cluster: str  # id
    end_cluster: str
    source: str
    key: str | None  # unique within the source
    study: str | None
    pubmed_id: str | None
    published: date | None
    cohort: str | None
    tissue: str | None
    relation: str | None  # as the source names it
    weight: float | None  # 0 … 1
    neg_log10_p: float | None
    sample_size: int | None
    flags: tuple[str, ...]
    allele: str | None  # the effect allele; None: unknown
    odds_ratio: float | None  # of that allele
    beta: float | None  # of that allele
    beta_unit: str | None
    ci_low: float | None  # 95 %, of the odds ratio or of beta
    ci_high: float | None
    direction: str | None  # "raises" or "lowers", of that allele
    reported_allele: str | None  # as the source has it
    r2: float | None  # of SNPs in LD
    seen: str = UNSEEN  # whether the model was trained on its two nodes: "yes", "held out", "no" or "unknown"

    @property
    def reported_by(self) -> str:
        """The study, else the paper, else the cohort with its tissue, else the source."""
        cohort = " ".join(filter(None, [self.cohort, self.tissue]))
        return self.study or self.pubmed_id or cohort or self.source

    @property
    def symmetric(self) -> bool:
        """Whether the edge has no direction."""
        return self.type in SYMMETRIC


def read_evidence(graph: Graph, pairs: Sequence[tuple[Sequence[str], Sequence[str]]]) -> list[list[Evidence]]:
    """All edges between the members of each pair of clusters; effects of an SNP refer to one allele."""
    if not pairs:
        return []
    lists = [{"left": list(left), "right": list(right)} for left, right in pairs]
    rows = graph.rows("ask/list_evidence", pairs=lists)
    snps = sorted({row["start"] for row in rows if row["type"].removeprefix(NEGATED) in EFFECTS})
    alleles = {snp: read_alleles(graph, snp) for snp in snps}
    by_pair: list[list[Evidence]] = [[] for _ in pairs]
    for row in rows:
        by_pair[row["pair"]].append(_evidence(row, alleles.get(row["start"], NO_ALLELES)))
    return [sorted(edges, key=_order) for edges in by_pair]


def with_seen(edges: Sequence[Evidence], seen: Sequence[str]) -> tuple[Evidence, ...]:
    """The same edges, each with whether the model was trained on its nodes."""
    return tuple(replace(edge, seen=answer) for edge, answer in zip(edges, seen, strict=True))


def _order(edge: Evidence) -> tuple[Any, ...]:
    """Sort key: the order of RELATIONS, then the largest weight first."""
    types = list(RELATIONS)
    rank = types.index(edge.type) if edge.type in types else len(types)
    return rank, -(edge.weight or 0.0), edge.source, edge.reported_by, edge.start, edge.end


def _evidence(row: Mapping[str, Any], alleles: Alleles) -> Evidence:
    props = plain(row["props"])
    sign = alleles.sign(props.get("effect_allele")) if row["type"].removeprefix(NEGATED) in EFFECTS else 0
    odds_ratio, beta, low, high = _converted(props, sign)
    larger = (odds_ratio is not None and odds_ratio > 1) or (beta is not None and beta > 0)
    smaller = (odds_ratio is not None and odds_ratio < 1) or (beta is not None and beta < 0)
    names = ("study", "pubmed_id", "published", "cohort", "tissue", "relation", "weight", "neg_log10_p", "sample_size")
    return Evidence(
        **{name: value for name, value in row.items() if name not in ("pair", "props")},
        source=props.get("source", ""),
        key=props.get("key"),
        **{name: props.get(name) for name in names},
        flags=tuple(props.get("flags") or ()),
        allele=alleles.chosen if sign else None,
        odds_ratio=odds_ratio,
        beta=beta,
        beta_unit=props.get("beta_unit") if beta is not None else None,
        ci_low=low,
        ci_high=high,
        direction=RAISES if larger else LOWERS if smaller else None,
        reported_allele=props.get("effect_allele"),
        r2=props.get("r2"),
    )


def _converted(props: Mapping[str, Any], sign: int) -> tuple[float | None, float | None, float | None, float | None]:
    """Odds ratio, beta and confidence limits for the chosen allele; None without one."""
    odds, beta, low, high = (props.get(name) for name in ("odds_ratio", "beta", "ci_low", "ci_high"))
    if sign == 1:
        return odds, beta, low, high
    if sign == -1 and odds is not None:
        return 1 / odds, None if beta is None else -beta, 1 / high if high else None, 1 / low if low else None
    if sign == -1 and beta is not None:
        return None, -beta, None if high is None else -high, None if low is None else -low
    return None, None, None, None


COMPLEMENT = {"A": "T", "T": "A", "C": "G", "G": "C"}
FIRST = "ASSOCIATED_WITH"  # the type whose reports determine the allele, if there are any


@dataclass(frozen=True, slots=True)
class Alleles:
    """The effect allele of an SNP, and its two alleles."""

    chosen: str | None  # None: no report names one
    pair: tuple[str, ...]  # both alleles; () if unknown

    def on_strand(self, letter: str | None) -> str | None:
        """The letter of a report on the strand of the pair, if the pair determines the strand."""
        if letter is None or not self._determines_strand or letter in self.pair:
            return letter
        other = COMPLEMENT.get(letter)
        return other if other in self.pair else letter

    def sign(self, letter: str | None) -> int:
        """1 for a report of the chosen allele, −1 for one of the other allele, 0 if unknown."""
        allele = self.on_strand(letter)
        if allele is None or self.chosen is None:
            return 0
        if allele == self.chosen:
            return 1
        return -1 if allele in self.pair and self.chosen in self.pair else 0

    @property
    def _determines_strand(self) -> bool:
        return len(self.pair) == 2 and COMPLEMENT.get(self.pair[0]) != self.pair[1]


NO_ALLELES = Alleles(None, ())


def read_alleles(graph: Graph, snp: str) -> Alleles:
    """The alleles of an SNP: from its node, else from a report with both, else from all reports."""
    rows = graph.rows("ask/list_alleles", snp=snp)
    reports = [row for row in rows if row["type"] == FIRST] or rows
    if not reports:
        return NO_ALLELES
    alleles = Alleles(None, _pair(reports))
    counts: Counter[str] = Counter()
    for row in reports:
        counts[alleles.on_strand(row["effect_allele"]) or ""] += row["reports"]
    chosen = min(counts, key=lambda letter: (-counts[letter], letter))
    return Alleles(chosen, alleles.pair)


def _pair(rows: Sequence[Mapping[str, Any]]) -> tuple[str, ...]:
    if len(rows[0]["alleles"] or ()) == 2:
        return tuple(rows[0]["alleles"])
    both = [(row["effect_allele"], row["other_allele"]) for row in rows if row["other_allele"] is not None]
    if both:
        return both[0]
    letters = sorted({row["effect_allele"] for row in rows})
    if len(letters) == 2 and COMPLEMENT.get(letters[0]) != letters[1]:
        return tuple(letters)
    return ()
