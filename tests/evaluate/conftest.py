"""A small made-up literature for the tests by date."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date

import numpy as np
import pytest

from generel_graph.corpus.schema import Corpus, EdgeArrays, Nodes, Pairs, Reports

SNPS, TRAITS, GENES = 60, 40, 20
N = SNPS + TRAITS + GENES
DAYS = (date(2010, 1, 1) - date(1970, 1, 1)).days


def make_literature(seed: int) -> tuple[Corpus, Reports]:
    """SNPs 0…59 along a chromosome, traits (the last IS_A the first) and genes; half of the reports are before 2010."""
    random = np.random.default_rng(seed)
    count = 400
    snps = random.integers(0, SNPS, count)
    is_gene = random.random(count) < 0.3
    ends = np.where(is_gene, SNPS + TRAITS + snps // 3, SNPS + random.integers(0, TRAITS, count))
    published = DAYS + random.integers(-700, 700, count)
    papers = random.integers(0, 8, count)
    significant = random.random(count) < 0.9
    before = published < DAYS
    starts = np.concatenate([snps[before], np.arange(SNPS), [SNPS + TRAITS - 1]])
    edge_ends = np.concatenate([ends[before], SNPS + TRAITS + np.arange(SNPS) // 3, [SNPS]])
    types = ("ASSOCIATED_WITH", "IS_A", "LOCATED_IN", "REPORTED_GENE")
    type_ = np.concatenate([np.where(is_gene[before], 3, 0), np.full(SNPS, 2), [1]])
    weights, unknown = np.ones(len(starts), dtype=np.float32), np.full(len(starts), np.nan, dtype=np.float32)
    trained = before & ~is_gene & significant
    key = np.unique(snps[trained] * N + ends[trained])
    pairs = Pairs((key // N).astype(np.int32), (key % N).astype(np.int32), np.ones(len(key)), np.full(len(key), np.nan))
    nodes = Nodes(
        ids=tuple(f"n{i:03d}" for i in range(N)),
        kinds=("SNP",) * SNPS + ("Disease",) * TRAITS + ("Gene",) * GENES,
        texts=("",) * N,
        synonyms=((),) * N,
        clusters=np.arange(N, dtype=np.int32),
        chromosomes=("1",) * SNPS + ("",) * (N - SNPS),
        positions=np.where(np.arange(N) < SNPS, np.arange(N) * 100_000, -1),
        builds=("GRCh38",) * SNPS + ("",) * (N - SNPS),
    )
    edges = EdgeArrays(
        types, starts.astype(np.int32), edge_ends.astype(np.int32), type_.astype(np.int16), weights, unknown, unknown
    )
    corpus = Corpus("made up", nodes, edges, {"gwas": pairs})
    reports = Reports(
        snps.astype(np.int32),
        ends.astype(np.int32),
        is_gene,
        papers.astype(np.int32),
        published.astype(np.int32),
        significant,
        np.full(count, np.nan, dtype=np.float32),
    )
    return corpus, reports


@pytest.fixture(scope="session")
def literature() -> Callable[[int], tuple[Corpus, Reports]]:
    """Corpus before 2010 and all reports, by seed; 60 SNPs, then 40 traits, then 20 genes."""
    return make_literature
