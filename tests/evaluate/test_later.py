"""Tests by date on a small made-up literature: true pairs were unknown before, and no paper reports a negative."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date

import numpy as np
import pytest
from numpy.typing import NDArray

from generel_graph.corpus.schema import Corpus, Reports
from generel_graph.evaluate import HeldOut, later_tests

SNPS, TRAITS, GENES = 60, 40, 20
N = SNPS + TRAITS + GENES
Literature = Callable[[int], tuple[Corpus, Reports]]
CUT, END = date(2010, 1, 1), date(2011, 1, 1)
DAYS = (CUT - date(1970, 1, 1)).days


def keys(left: NDArray[np.int64], right: NDArray[np.int64]) -> set[int]:
    return set((left.astype(np.int64) * N + right).tolist())


@pytest.fixture(params=range(4))
def period(request: pytest.FixtureRequest, literature: Literature) -> tuple[Corpus, Reports, list[HeldOut]]:
    corpus, reports = literature(request.param)
    return corpus, reports, list(later_tests(corpus, reports, CUT, END, seed=0))


def test_tests_have_the_documented_names_and_negatives(period: tuple[Corpus, Reports, list[HeldOut]]) -> None:
    names = {(t.name, t.negatives) for t in period[2]}
    assert {"warm", "gene-trait", "SNP-gene"} <= {name for name, _ in names}
    assert {negatives for name, negatives in names if name == "warm"} == {
        "uniform SNP",
        "degree-matched SNP",
        "other trait",
    }
    assert ("SNP-gene", "gene of the locus") in names


def test_true_pairs_are_from_the_period_and_negatives_are_never_reported(
    period: tuple[Corpus, Reports, list[HeldOut]],
) -> None:
    corpus, reports, tests = period
    inside = (reports.published >= DAYS) & (reports.published < DAYS + 365)
    for test in tests:
        if test.name == "gene-trait":
            continue
        of_kind = reports.is_gene == (test.name == "SNP-gene")
        reported = keys(reports.snps[of_kind], reports.ends[of_kind])
        assert keys(test.left[test.truth > 0], test.right[test.truth > 0]) <= keys(
            reports.snps[of_kind & inside], reports.ends[of_kind & inside]
        )
        assert not keys(test.left[test.truth == 0], test.right[test.truth == 0]) & reported
        before = keys(*corpus.edge_clusters("REPORTED_GENE" if test.name == "SNP-gene" else "ASSOCIATED_WITH"))
        assert not keys(test.left, test.right) & before
        assert set(test.papers[test.truth == 0].tolist()) <= set(test.papers[test.truth > 0].tolist())


def test_pairs_next_to_a_known_pair_are_left_out(period: tuple[Corpus, Reports, list[HeldOut]]) -> None:
    corpus, _, tests = period
    before = keys(*corpus.edge_clusters("ASSOCIATED_WITH"))
    child, parent = SNPS + TRAITS - 1, SNPS
    for test in tests:
        if test.name in ("warm", "unseen trait", "cold SNP"):
            for snp, trait in zip(test.left[test.truth > 0].tolist(), test.right[test.truth > 0].tolist(), strict=True):
                neighbour = {child: parent, parent: child}.get(trait)
                assert neighbour is None or snp * N + neighbour not in before


def test_tests_differ_in_what_was_known_before(period: tuple[Corpus, Reports, list[HeldOut]]) -> None:
    corpus, _, tests = period
    gwas = corpus.tasks["gwas"]
    snps, traits = set(gwas.anchors.tolist()), set(gwas.positives.tolist())
    for test in tests:
        left, right = set(test.left.tolist()), set(test.right[test.truth > 0].tolist())
        if test.name == "warm":
            assert left <= snps
            assert right <= traits
        if test.name == "unseen trait":
            assert left <= snps
            assert not right & traits
        if test.name == "cold SNP":
            assert not left & snps
            assert right <= traits


def test_gene_trait_pairs_are_not_linked_by_an_edge_or_an_snp(period: tuple[Corpus, Reports, list[HeldOut]]) -> None:
    corpus, _, tests = period
    linked = zip(*corpus.edge_clusters("LOCATED_IN", "REPORTED_GENE"), strict=True)
    traits_of: dict[int, set[int]] = {}
    for snp, trait in zip(*corpus.edge_clusters("ASSOCIATED_WITH"), strict=True):
        traits_of.setdefault(int(snp), set()).add(int(trait))
    paths = {int(gene) * N + trait for snp, gene in linked for trait in traits_of.get(int(snp), ())}
    for test in tests:
        if test.name == "gene-trait":
            assert not keys(test.left, test.right) & paths
            assert set(np.array(corpus.nodes.kinds)[test.left]) == {"Gene"}


def test_genes_of_the_locus_are_within_reach(period: tuple[Corpus, Reports, list[HeldOut]]) -> None:
    for test in period[2]:
        if test.negatives == "gene of the locus":
            first_snp = (test.right - SNPS - TRAITS) * 3  # of the three SNPs in the gene
            assert (np.abs(first_snp - test.left) <= 5 + 2).all()


def test_same_seed_draws_the_same_tests(literature: Literature) -> None:
    corpus, reports = literature(0)
    one, two = (list(later_tests(corpus, reports, CUT, END, seed=7)) for _ in range(2))
    other = list(later_tests(corpus, reports, CUT, END, seed=8))
    assert all(
        np.array_equal(a.left, b.left) and np.array_equal(a.right, b.right) for a, b in zip(one, two, strict=True)
    )
    assert any(not np.array_equal(a.left, b.left) for a, b in zip(one, other, strict=True))
