"""Tests by date: the pairs that the papers of a period report, against pairs that no paper reports at any date.

A pair of an SNP and a trait is left out if it was reported before the period, or if the SNP was reported with a
neighbour of the trait (IS_A, XREF). The other pairs make these tests:

| test | SNP | trait or gene |
|---|---|---|
| warm | has an association before the period | has one too |
| unseen trait | has one | has none |
| cold SNP | has none, but another edge | has one |
| gene-trait | – | a gene that the paper names and a trait with an association; no edge and no SNP links them |
| SNP-gene | any with another edge | a gene that a paper names for the SNP for the first time |

Each pair has NEGATIVES negatives that differ from it in one endpoint. Candidates are drawn uniformly, or in proportion
to their number of edges before the period ("degree-matched"), or from the other side ("other trait"; "gene of the
locus": genes of SNPs within 500 kb). The tests of genes are in `later_genes`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date

import numpy as np

from generel_graph.corpus.arrays import is_in_sorted
from generel_graph.corpus.schema import Corpus, Reports
from generel_graph.evaluate.held_out import HeldOut, days, draw_negatives, held_out_test
from generel_graph.evaluate.later_genes import gene_tests
from generel_graph.evaluate.prior_knowledge import prior_knowledge

NEGATIVES: Mapping[str, int] = {"warm": 50, "unseen trait": 50, "cold SNP": 10}  # per true pair


def later_tests(past: Corpus, reports: Reports, first: date, last: date, seed: int) -> Iterator[HeldOut]:
    """Make the tests of the period `first` … `last` (exclusive); a test without a true pair is left out.

    `past`: the corpus read with `published_before = first`; `reports`: of the same nodes, of all dates. `seed` sets
    the random draws of the negatives.
    """
    clusters = past.nodes.clusters.astype(np.int64)
    known = prior_knowledge(past, reports)
    inside = (reports.published >= days(first)) & (reports.published < days(last))
    rng = np.random.default_rng([seed, first.year, first.month, first.day])
    of_trait = inside & ~reports.is_gene & reports.is_significant
    snps, traits, papers = known.first_reports(
        reports.snps[of_trait], clusters[reports.ends[of_trait]], reports.papers[of_trait]
    )
    new = ~is_in_sorted(known.reported, snps * known.n + traits) & ~known.has_reported_neighbour(snps, traits)
    snps, traits, papers = snps[new], traits[new], papers[new]
    snp_reported, trait_reported = known.snp_degree[snps] > 0, known.trait_degree[traits] > 0
    has_edges = known.edges[snps] > 0
    period = first.toordinal()
    reported_snps, unreported_snps = np.flatnonzero(known.snp_degree > 0), known.unreported_snps(reports)
    reported_traits = np.flatnonzero(known.trait_degree > 0)
    # Of each test: its true pairs, the SNPs to draw negatives from with their degree, the traits (None: those of
    # the true pairs).
    tests = {
        "warm": (snp_reported & trait_reported, reported_snps, known.snp_degree, reported_traits),
        "unseen trait": (snp_reported & ~trait_reported, reported_snps, known.snp_degree, None),
        "cold SNP": (~snp_reported & trait_reported & has_edges, unreported_snps, known.edges, reported_traits),
    }
    for name, (chosen, snp_pool, degree, trait_pool) in tests.items():
        left, right, paper = snps[chosen], traits[chosen], papers[chosen]
        if not len(left):
            continue
        other_traits, trait_weight = (
            (trait_pool, known.trait_degree[trait_pool])
            if trait_pool is not None
            else np.unique(right, return_counts=True)
        )
        for negatives, side, pool, weight in (
            ("uniform SNP", 0, snp_pool, None),
            ("degree-matched SNP", 0, snp_pool, degree[snp_pool]),
            ("other trait", 1, other_traits, trait_weight),
        ):
            drawn = draw_negatives(
                rng,
                left,
                right,
                side=side,
                pool=pool,
                weight=weight,
                per_pair=NEGATIVES[name],
                excluded=known.ever,
                n=known.n,
            )
            yield held_out_test(name, negatives, left, right, paper, drawn, period)
    yield from gene_tests(past, reports, inside, known, rng, period)
