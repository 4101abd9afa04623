"""Tests by date: what the papers of a period report, against pairs that no paper reports, before or after.

A pair is dropped if it was reported before, or if its SNP was with a trait next to this one (IS_A, XREF). What is left:

| test | SNP | trait or gene |
|---|---|---|
| warm | has an association before the period | has one too |
| unseen trait | has one | has none |
| cold SNP | has none, but another edge | has one |
| gene-trait | – | a gene that the paper names, and a trait with an association; not linked, nor through an SNP |
| SNP-gene | any with another edge | a gene that the paper names for it; not named before |

Each pair has `NEGATIVES` others that differ in one end: drawn uniformly, or as often as the end's number of edges
before the period ("degree"), or of the other side ("trait", "locus": genes of SNPs within 500 kb).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date

import numpy as np
from numpy.typing import NDArray

from generel_etl.relations import SNP_GENE
from generel_graph.corpus.arrays import among, ranges, runs
from generel_graph.corpus.schema import Corpus, Reports
from generel_graph.metrics import BY_RANK

LOCUS_REACH = 500_000  # base pairs
NEGATIVES: Mapping[str, int] = {"warm": 50, "unseen trait": 50, "cold SNP": 10, "gene-trait": 20, "SNP-gene": 20}
TRIES = 8  # draws for a negative that turns out to be reported
NEIGHBOUR_TYPES = ("IS_A", "XREF")
Ids = NDArray[np.int64]
Probabilities = NDArray[np.float64] | None


@dataclass(frozen=True, slots=True)
class HeldOut:
    """One test with one kind of negatives: pairs of clusters, true ones and others; or pairs with a value each."""

    name: str
    negatives: str  # how the false pairs were drawn
    left: Ids  # [n], nodes
    right: Ids  # [n]
    truth: NDArray[np.float64]  # [n], 1 and 0, or the values
    papers: Ids  # [n], whose true pair it is, or was made from
    period: Ids  # [n]
    measures: tuple[str, ...] = BY_RANK


@dataclass(frozen=True, slots=True)
class _Before:
    """What was known when the period began; keys are snp · n + trait."""

    n: int
    ever: Ids  # sorted keys of all reported pairs, of any date
    reported: Ids  # sorted keys of pairs that were reported before
    trait_degree: Ids  # [n], SNPs of a trait
    snp_degree: Ids  # [n], traits of an SNP
    edges: Ids  # [n], edges of a node of any kind
    neighbours: Mapping[int, Ids]  # of traits


def later_tests(past: Corpus, reports: Reports, first: date, last: date, seed: int) -> Iterator[HeldOut]:
    """Make the tests of one period from the corpus of what was known before it.

    `past`: read with `published_before = first`; `reports`: of the same nodes; papers of `first` … `last` (exclusive)
    are the positives. Negatives are drawn by `seed`. A test without a pair is not given.
    """
    clusters = past.nodes.clusters.astype(np.int64)
    known = _known(past, reports, first)
    inside = (reports.published >= days(first)) & (reports.published < days(last))
    rng = np.random.default_rng([seed, first.year, first.month, first.day])
    traits = inside & ~reports.is_gene & reports.is_significant
    snps, ends, papers = _once(reports.snps[traits], clusters[reports.ends[traits]], reports.papers[traits], known)
    new = ~among(known.reported, snps * known.n + ends) & ~_beside(snps, ends, known)
    snps, ends, papers = snps[new], ends[new], papers[new]
    has_snp, has_trait = known.snp_degree[snps] > 0, known.trait_degree[ends] > 0
    placed = known.edges[snps] > 0
    period = first.toordinal()
    settled, fresh = np.flatnonzero(known.snp_degree > 0), _fresh(reports, known)
    pools = {
        "warm": (has_snp & has_trait, settled, known.snp_degree, np.flatnonzero(known.trait_degree > 0)),
        "unseen trait": (has_snp & ~has_trait, settled, known.snp_degree, None),
        "cold SNP": (~has_snp & has_trait & placed, fresh, known.edges, np.flatnonzero(known.trait_degree > 0)),
    }
    for name, (chosen, pool, degree, others) in pools.items():
        a, b, who = snps[chosen], ends[chosen], papers[chosen]
        if not len(a):
            continue
        many = NEGATIVES[name]
        trait_pool, trait_weight = (
            (others, known.trait_degree[others]) if others is not None else np.unique(b, return_counts=True)
        )
        for negatives, side, candidates, weight in (
            ("uniform SNP", 0, pool, None),
            ("degree-matched SNP", 0, pool, degree[pool]),
            ("other trait", 1, trait_pool, trait_weight),
        ):
            drawn = _negatives(
                rng, a, b, side=side, pool=candidates, weight=weight, many=many, banned=known.ever, n=known.n
            )
            yield _tests(name, negatives, a, b, who, drawn, period)
    yield from _genes(past, reports, inside, known, rng, period)


def _genes(
    past: Corpus, reports: Reports, inside: NDArray[np.bool_], known: _Before, rng: np.random.Generator, period: int
) -> Iterator[HeldOut]:
    """The tests of genes: a paper's genes with its traits, and with its SNPs."""
    n, clusters = known.n, past.nodes.clusters.astype(np.int64)
    starts, genes = past.joined(*SNP_GENE)
    named, named_genes = past.joined("REPORTED_GENE")
    degree = np.bincount(genes, minlength=n)
    pool = np.flatnonzero(degree > 0)
    if not len(pool):
        return
    of_gene = inside & reports.is_gene
    snps, ends = reports.snps[of_gene].astype(np.int64), clusters[reports.ends[of_gene]]
    papers = reports.papers[of_gene].astype(np.int64)

    traits = inside & ~reports.is_gene & reports.is_significant
    through = np.sort(_path_keys(starts, genes, known, n))
    direct = _direct(past, n)
    banned = np.unique(np.concatenate([through, direct, _pairs_of_papers(reports, clusters, n)]))
    g, t, who = _join(snps, papers, ends, reports.snps[traits], reports.papers[traits], clusters[reports.ends[traits]])
    g, t, who = _once(g, t, who, known)
    new = (known.trait_degree[t] > 0) & (degree[g] > 0) & ~among(through, g * n + t) & ~among(direct, g * n + t)
    g, t, who = g[new], t[new], who[new]
    trait_pool = np.flatnonzero(known.trait_degree > 0)
    if len(g):
        for negatives, side, candidates, weight in (
            ("uniform gene", 0, pool, None),
            ("degree-matched gene", 0, pool, degree[pool]),
            ("other trait", 1, trait_pool, known.trait_degree[trait_pool]),
        ):
            many = NEGATIVES["gene-trait"]
            drawn = _negatives(rng, g, t, side=side, pool=candidates, weight=weight, many=many, banned=banned, n=n)
            yield _tests("gene-trait", negatives, g, t, who, drawn, period)

    every = clusters[reports.ends[reports.is_gene]]
    ever = np.unique(
        np.concatenate([reports.snps[reports.is_gene].astype(np.int64) * n + every, named * n + named_genes])
    )
    snps, ends, papers = _once(snps, ends, papers, known)
    new = ~among(np.unique(named * n + named_genes), snps * n + ends) & (known.edges[snps] > 0) & (degree[ends] > 0)
    snps, ends, papers = snps[new], ends[new], papers[new]
    if not len(snps):
        return
    many = NEGATIVES["SNP-gene"]
    for negatives, weight in (("uniform gene", None), ("degree-matched gene", degree[pool])):
        drawn = _negatives(rng, snps, ends, side=1, pool=pool, weight=weight, many=many, banned=ever, n=n)
        yield _tests("SNP-gene", negatives, snps, ends, papers, drawn, period)
    near = _of_locus(past, snps, starts, genes)
    drawn_rows, drawn_genes = [], []
    for row, (snp, candidates) in enumerate(zip(snps, near, strict=True)):
        others = candidates[~among(ever, snp * n + candidates)]
        drawn_rows.append(np.full(len(others), row))
        drawn_genes.append(others)
    rows, others = np.concatenate(drawn_rows), np.concatenate(drawn_genes)
    if len(rows):
        yield _tests("SNP-gene", "gene of the locus", snps, ends, papers, (rows, snps[rows], others), period)


def _known(past: Corpus, reports: Reports, first: date) -> _Before:
    n, clusters = len(past.nodes), past.nodes.clusters.astype(np.int64)
    of_trait = ~reports.is_gene
    snps, traits = reports.snps[of_trait].astype(np.int64), clusters[reports.ends[of_trait]]
    old_snps, old_traits = past.joined("ASSOCIATED_WITH")
    reported = np.unique(old_snps * n + old_traits)
    gwas = past.tasks.get("gwas")
    trained = reported if gwas is None else np.unique(gwas.anchors.astype(np.int64) * n + clusters[gwas.positives])
    ends = np.concatenate([past.edges.starts, past.edges.ends]).astype(np.int64)
    a, b = past.joined(*NEIGHBOUR_TYPES)
    pairs = np.unique(np.concatenate([a * n + b, b * n + a]))
    firsts, at = np.unique(pairs // n, return_index=True)
    neighbours = dict(zip(firsts.tolist(), np.split(pairs % n, at[1:]), strict=True)) if len(pairs) else {}
    return _Before(
        n=n,
        ever=np.unique(np.concatenate([snps * n + traits, reported])),
        reported=reported,
        trait_degree=np.bincount(trained % n, minlength=n),
        snp_degree=np.bincount(trained // n, minlength=n),
        edges=np.bincount(ends, minlength=n),
        neighbours=neighbours,
    )


def _fresh(reports: Reports, known: _Before) -> Ids:
    """SNPs that papers of any date report and that nothing was reported of before, though they have an edge.

    An SNP list's or an eQTL table's other SNPs are told from these by their neighbours alone.
    """
    reported = np.zeros(known.n, dtype=bool)
    reported[reports.snps[~reports.is_gene]] = True
    return np.flatnonzero(reported & (known.snp_degree == 0) & (known.edges > 0))


def _once(left: NDArray[np.integer], right: Ids, papers: NDArray[np.integer], known: _Before) -> tuple[Ids, Ids, Ids]:
    """Each pair once, with the first paper that has it."""
    _, at = np.unique(left.astype(np.int64) * known.n + right, return_index=True)
    return left[at].astype(np.int64), right[at], papers[at].astype(np.int64)


def _beside(snps: Ids, traits: Ids, known: _Before) -> NDArray[np.bool_]:
    """Whether the SNP was reported with a neighbour of the trait."""
    none = np.empty(0, dtype=np.int64)
    return np.array(
        [
            bool(among(known.reported, snp * known.n + known.neighbours.get(int(trait), none)).any())
            for snp, trait in zip(snps, traits, strict=True)
        ],
        dtype=bool,
    )


def _negatives(
    rng: np.random.Generator,
    left: Ids,
    right: Ids,
    *,
    side: int,
    pool: Ids,
    weight: Ids | None,
    many: int,
    banned: Ids,
    n: int,
) -> tuple[Ids, Ids, Ids]:
    """`many` pairs for each true one with another left (side 0) or right end: row, left, right.

    What a paper reports is drawn again; a row that finds too few has fewer.
    """
    chances: Probabilities = None if weight is None else weight / weight.sum()
    rows = np.repeat(np.arange(len(left)), many)
    others = np.full(len(rows), -1, dtype=np.int64)
    open_ = np.arange(len(rows))
    for _ in range(TRIES):
        drawn = rng.choice(pool, size=len(open_), p=chances)
        at = rows[open_]
        key = drawn * n + right[at] if side == 0 else left[at] * n + drawn
        good = ~among(banned, key)
        others[open_[good]] = drawn[good]
        open_ = open_[~good]
        if not len(open_):
            break
    found = others >= 0
    rows, others = rows[found], others[found]
    return (rows, others, right[rows]) if side == 0 else (rows, left[rows], others)


def _tests(
    name: str, negatives: str, left: Ids, right: Ids, papers: Ids, drawn: tuple[Ids, Ids, Ids], period: int
) -> HeldOut:
    rows, other_left, other_right = drawn
    truth = np.r_[np.ones(len(left)), np.zeros(len(rows))]
    return HeldOut(
        name=name,
        negatives=negatives,
        left=np.concatenate([left, other_left]),
        right=np.concatenate([right, other_right]),
        truth=truth,
        papers=np.concatenate([papers, papers[rows]]),
        period=np.full(len(truth), period, dtype=np.int64),
    )


def _path_keys(snps: Ids, genes: Ids, known: _Before, n: int) -> Ids:
    """gene · n + trait of all genes and traits that an SNP joins."""
    first, count = runs(known.reported // n, snps)
    return np.unique(np.repeat(genes, count) * n + known.reported[ranges(first, count)] % n)


def _direct(past: Corpus, n: int) -> Ids:
    """gene · n + trait of all edges that join a gene and another concept."""
    clusters = past.nodes.clusters.astype(np.int64)
    gene = np.array([kind == "Gene" for kind in past.nodes.kinds], dtype=bool)
    a, b = clusters[past.edges.starts], clusters[past.edges.ends]
    forwards, backwards = gene[a] & ~gene[b], gene[b] & ~gene[a]
    return np.unique(np.concatenate([a[forwards] * n + b[forwards], b[backwards] * n + a[backwards]]))


def _pairs_of_papers(reports: Reports, clusters: Ids, n: int) -> Ids:
    """gene · n + trait of all papers, of any date: the genes that one names for an SNP, with that SNP's traits."""
    gene = reports.is_gene
    g, t, _ = _join(
        reports.snps[gene], reports.papers[gene], clusters[reports.ends[gene]],
        reports.snps[~gene], reports.papers[~gene], clusters[reports.ends[~gene]],
    )  # fmt: skip
    return np.unique(g * n + t)


def _join(
    snps: NDArray[np.integer],
    papers: NDArray[np.integer],
    genes: Ids,
    other_snps: NDArray[np.integer],
    other_papers: NDArray[np.integer],
    traits: Ids,
) -> tuple[Ids, Ids, Ids]:
    """Genes and traits of one SNP in one paper: gene, trait, paper."""
    span = int(max(papers.max(initial=0), other_papers.max(initial=0))) + 1
    here, there = snps.astype(np.int64) * span + papers, other_snps.astype(np.int64) * span + other_papers
    order = np.argsort(there, kind="stable")
    first, count = runs(there[order], here)
    return np.repeat(genes, count), traits[order][ranges(first, count)], np.repeat(papers.astype(np.int64), count)


def _of_locus(past: Corpus, snps: Ids, linked: Ids, genes: Ids) -> list[Ids]:
    """For each SNP the genes of SNPs within 500 kb of one build and chromosome."""
    nodes = past.nodes
    places: dict[tuple[str, str], list[tuple[int, int]]] = {}
    for snp, gene in zip(linked.tolist(), genes.tolist(), strict=True):
        if nodes.positions[snp] >= 0 and nodes.builds[snp]:
            key = (nodes.builds[snp], nodes.chromosomes[snp])
            places.setdefault(key, []).append((int(nodes.positions[snp]), gene))
    tables = {key: np.array(sorted(rows), dtype=np.int64) for key, rows in places.items()}
    found = []
    for snp in snps.tolist():
        table = tables.get((nodes.builds[snp], nodes.chromosomes[snp]))
        if table is None or nodes.positions[snp] < 0:
            found.append(np.empty(0, dtype=np.int64))
            continue
        low, high = np.searchsorted(
            table[:, 0], [nodes.positions[snp] - LOCUS_REACH, nodes.positions[snp] + LOCUS_REACH]
        )
        found.append(np.unique(table[low:high, 1]))
    return found


def days(day: date) -> int:
    """Days since 1970-01-01, as reports are dated."""
    return (day - date(1970, 1, 1)).days
