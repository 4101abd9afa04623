"""Tests by date on a small made-up literature: what is asked was unknown, and what is false nobody reported."""

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
def made(request: pytest.FixtureRequest, literature: Literature) -> tuple[Corpus, Reports, list[HeldOut]]:
    corpus, reports = literature(request.param)
    return corpus, reports, list(later_tests(corpus, reports, CUT, END, seed=0))


def test_there_is_a_test_of_each_sort(made: tuple[Corpus, Reports, list[HeldOut]]) -> None:
    names = {(t.name, t.negatives) for t in made[2]}
    assert {"warm", "gene-trait", "SNP-gene"} <= {name for name, _ in names}
    assert {negatives for name, negatives in names if name == "warm"} == {
        "uniform SNP",
        "degree-matched SNP",
        "other trait",
    }
    assert ("SNP-gene", "gene of the locus") in names


def test_true_pairs_are_of_the_period_and_false_ones_of_none(made: tuple[Corpus, Reports, list[HeldOut]]) -> None:
    corpus, reports, tests = made
    inside = (reports.published >= DAYS) & (reports.published < DAYS + 365)
    for test in tests:
        if test.name == "gene-trait":
            continue
        of_kind = reports.is_gene == (test.name == "SNP-gene")
        reported = keys(reports.snps[of_kind], reports.ends[of_kind])
        assert keys(test.left[(test.truth > 0)], test.right[(test.truth > 0)]) <= keys(
            reports.snps[of_kind & inside], reports.ends[of_kind & inside]
        )
        assert not keys(test.left[(test.truth == 0)], test.right[(test.truth == 0)]) & reported
        before = keys(*corpus.joined("REPORTED_GENE" if test.name == "SNP-gene" else "ASSOCIATED_WITH"))
        assert not keys(test.left, test.right) & before
        assert set(test.papers[(test.truth == 0)].tolist()) <= set(test.papers[(test.truth > 0)].tolist())


def test_a_pair_beside_a_known_one_is_not_asked(made: tuple[Corpus, Reports, list[HeldOut]]) -> None:
    corpus, _, tests = made
    before = keys(*corpus.joined("ASSOCIATED_WITH"))
    child, parent = SNPS + TRAITS - 1, SNPS
    for test in tests:
        if test.name in ("warm", "unseen trait", "cold SNP"):
            for snp, trait in zip(
                test.left[(test.truth > 0)].tolist(), test.right[(test.truth > 0)].tolist(), strict=True
            ):
                other = {child: parent, parent: child}.get(trait)
                assert other is None or snp * N + other not in before


def test_sorts_are_told_by_what_was_known(made: tuple[Corpus, Reports, list[HeldOut]]) -> None:
    corpus, _, tests = made
    gwas = corpus.tasks["gwas"]
    snps, traits = set(gwas.anchors.tolist()), set(gwas.positives.tolist())
    for test in tests:
        left, right = set(test.left.tolist()), set(test.right[(test.truth > 0)].tolist())
        if test.name == "warm":
            assert left <= snps and right <= traits
        if test.name == "unseen trait":
            assert left <= snps and not right & traits
        if test.name == "cold SNP":
            assert not left & snps and right <= traits


def test_a_gene_and_a_trait_are_not_joined_by_an_edge_or_an_snp(made: tuple[Corpus, Reports, list[HeldOut]]) -> None:
    corpus, _, tests = made
    linked = zip(*corpus.joined("LOCATED_IN", "REPORTED_GENE"), strict=True)
    traits_of: dict[int, set[int]] = {}
    for snp, trait in zip(*corpus.joined("ASSOCIATED_WITH"), strict=True):
        traits_of.setdefault(int(snp), set()).add(int(trait))
    paths = {int(gene) * N + trait for snp, gene in linked for trait in traits_of.get(int(snp), ())}
    for test in tests:
        if test.name == "gene-trait":
            assert not keys(test.left, test.right) & paths
            assert set(np.array(corpus.nodes.kinds)[test.left]) == {"Gene"}


def test_genes_of_the_locus_are_near(made: tuple[Corpus, Reports, list[HeldOut]]) -> None:
    for test in made[2]:
        if test.negatives == "gene of the locus":
            nearest = (test.right - SNPS - TRAITS) * 3  # the first of the three SNPs that lie in the gene
            assert (np.abs(nearest - test.left) <= 5 + 2).all()


def test_the_same_seed_draws_the_same_tests(literature: Literature) -> None:
    corpus, reports = literature(0)
    one, two = (list(later_tests(corpus, reports, CUT, END, seed=7)) for _ in range(2))
    other = list(later_tests(corpus, reports, CUT, END, seed=8))
    assert all(
        np.array_equal(a.left, b.left) and np.array_equal(a.right, b.right) for a, b in zip(one, two, strict=True)
    )
    assert any(not np.array_equal(a.left, b.left) for a, b in zip(one, other, strict=True))
