"""Tests by date of genes: the genes that papers name, with the papers' traits and with the papers' SNPs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import numpy as np
from numpy.typing import NDArray

from generel_etl.relations import SNP_GENE
from generel_graph.corpus.arrays import expand_ranges, find_runs, is_in_sorted
from generel_graph.corpus.schema import Corpus, Reports
from generel_graph.evaluate.held_out import HeldOut, Ids, draw_negatives, held_out_test
from generel_graph.evaluate.prior_knowledge import PriorKnowledge

LOCUS_REACH = 500_000  # base pairs
NEGATIVES: Mapping[str, int] = {"gene-trait": 20, "SNP-gene": 20}  # per true pair


def gene_tests(
    past: Corpus,
    reports: Reports,
    inside: NDArray[np.bool_],
    known: PriorKnowledge,
    rng: np.random.Generator,
    period: int,
) -> Iterator[HeldOut]:
    """The tests gene-trait and SNP-gene of one period; `inside` [reports]: published in the period."""
    n, clusters = known.n, past.nodes.clusters.astype(np.int64)
    linked_snps, linked_genes = past.edge_clusters(*SNP_GENE)
    degree = np.bincount(linked_genes, minlength=n)
    pool = np.flatnonzero(degree > 0)
    if not len(pool):
        return
    of_gene = inside & reports.is_gene
    snps, genes = reports.snps[of_gene].astype(np.int64), clusters[reports.ends[of_gene]]
    papers = reports.papers[of_gene].astype(np.int64)

    of_trait = inside & ~reports.is_gene & reports.is_significant
    through_snp = np.sort(_keys_through_snps(linked_snps, linked_genes, known))
    direct = _keys_of_edges(past, n)
    excluded = np.unique(np.concatenate([through_snp, direct, _keys_of_papers(reports, clusters, n)]))
    g, t, paper = _join_by_snp_and_paper(
        snps, papers, genes, reports.snps[of_trait], reports.papers[of_trait], clusters[reports.ends[of_trait]]
    )
    g, t, paper = known.first_reports(g, t, paper)
    unlinked = ~is_in_sorted(through_snp, g * n + t) & ~is_in_sorted(direct, g * n + t)
    new = (known.trait_degree[t] > 0) & (degree[g] > 0) & unlinked
    g, t, paper = g[new], t[new], paper[new]
    trait_pool = np.flatnonzero(known.trait_degree > 0)
    if len(g):
        for negatives, side, candidates, weight in (
            ("uniform gene", 0, pool, None),
            ("degree-matched gene", 0, pool, degree[pool]),
            ("other trait", 1, trait_pool, known.trait_degree[trait_pool]),
        ):
            per_pair = NEGATIVES["gene-trait"]
            drawn = draw_negatives(
                rng, g, t, side=side, pool=candidates, weight=weight, per_pair=per_pair, excluded=excluded, n=n
            )
            yield held_out_test("gene-trait", negatives, g, t, paper, drawn, period)
    yield from _snp_gene_tests(past, reports, (snps, genes, papers), known, rng, period)


def _snp_gene_tests(
    past: Corpus,
    reports: Reports,
    named: tuple[Ids, Ids, Ids],
    known: PriorKnowledge,
    rng: np.random.Generator,
    period: int,
) -> Iterator[HeldOut]:
    """The tests SNP-gene; `named`: SNPs, genes and papers of the period's reports that name a gene."""
    n, clusters = known.n, past.nodes.clusters.astype(np.int64)
    linked_snps, linked_genes = past.edge_clusters(*SNP_GENE)
    earlier_snps, earlier_genes = past.edge_clusters("REPORTED_GENE")
    degree = np.bincount(linked_genes, minlength=n)
    pool = np.flatnonzero(degree > 0)
    every_gene = clusters[reports.ends[reports.is_gene]]
    earlier = earlier_snps * n + earlier_genes
    ever = np.unique(np.concatenate([reports.snps[reports.is_gene].astype(np.int64) * n + every_gene, earlier]))
    snps, genes, papers = known.first_reports(*named)
    new = ~is_in_sorted(np.unique(earlier), snps * n + genes) & (known.edges[snps] > 0) & (degree[genes] > 0)
    snps, genes, papers = snps[new], genes[new], papers[new]
    if not len(snps):
        return
    for negatives, weight in (("uniform gene", None), ("degree-matched gene", degree[pool])):
        drawn = draw_negatives(
            rng, snps, genes, side=1, pool=pool, weight=weight, per_pair=NEGATIVES["SNP-gene"], excluded=ever, n=n
        )
        yield held_out_test("SNP-gene", negatives, snps, genes, papers, drawn, period)
    of_locus = _genes_of_loci(past, snps, linked_snps, linked_genes)
    row_parts, gene_parts = [], []
    for row, (snp, candidates) in enumerate(zip(snps, of_locus, strict=True)):
        unreported = candidates[~is_in_sorted(ever, snp * n + candidates)]
        row_parts.append(np.full(len(unreported), row))
        gene_parts.append(unreported)
    rows, others = np.concatenate(row_parts), np.concatenate(gene_parts)
    if len(rows):
        yield held_out_test("SNP-gene", "gene of the locus", snps, genes, papers, (rows, snps[rows], others), period)


def _keys_through_snps(snps: Ids, genes: Ids, known: PriorKnowledge) -> Ids:
    """gene · n + trait of all genes and traits that an SNP links."""
    first, count = find_runs(known.reported // known.n, snps)
    return np.unique(np.repeat(genes, count) * known.n + known.reported[expand_ranges(first, count)] % known.n)


def _keys_of_edges(past: Corpus, n: int) -> Ids:
    """gene · n + concept of all edges that join a gene and another concept."""
    clusters = past.nodes.clusters.astype(np.int64)
    gene = np.array([kind == "Gene" for kind in past.nodes.kinds], dtype=bool)
    a, b = clusters[past.edges.starts], clusters[past.edges.ends]
    forwards, backwards = gene[a] & ~gene[b], gene[b] & ~gene[a]
    return np.unique(np.concatenate([a[forwards] * n + b[forwards], b[backwards] * n + a[backwards]]))


def _keys_of_papers(reports: Reports, clusters: Ids, n: int) -> Ids:
    """gene · n + trait of all papers of any date: the genes that a paper names for an SNP, with the SNP's traits."""
    gene = reports.is_gene
    genes, traits, _ = _join_by_snp_and_paper(
        reports.snps[gene], reports.papers[gene], clusters[reports.ends[gene]],
        reports.snps[~gene], reports.papers[~gene], clusters[reports.ends[~gene]],
    )  # fmt: skip
    return np.unique(genes * n + traits)


def _join_by_snp_and_paper(
    snps: NDArray[np.integer],
    papers: NDArray[np.integer],
    genes: Ids,
    trait_snps: NDArray[np.integer],
    trait_papers: NDArray[np.integer],
    traits: Ids,
) -> tuple[Ids, Ids, Ids]:
    """Genes and traits that one paper reports for one SNP: gene, trait, paper."""
    span = int(max(papers.max(initial=0), trait_papers.max(initial=0))) + 1
    gene_key, trait_key = snps.astype(np.int64) * span + papers, trait_snps.astype(np.int64) * span + trait_papers
    order = np.argsort(trait_key, kind="stable")
    first, count = find_runs(trait_key[order], gene_key)
    return (
        np.repeat(genes, count),
        traits[order][expand_ranges(first, count)],
        np.repeat(papers.astype(np.int64), count),
    )


def _genes_of_loci(past: Corpus, snps: Ids, linked_snps: Ids, linked_genes: Ids) -> list[Ids]:
    """For each of `snps`, the genes of SNPs within LOCUS_REACH on its build and chromosome."""
    nodes = past.nodes
    linked: dict[tuple[str, str], list[tuple[int, int]]] = {}
    for snp, gene in zip(linked_snps.tolist(), linked_genes.tolist(), strict=True):
        if nodes.positions[snp] >= 0 and nodes.builds[snp]:
            key = (nodes.builds[snp], nodes.chromosomes[snp])
            linked.setdefault(key, []).append((int(nodes.positions[snp]), gene))
    tables = {key: np.array(sorted(rows), dtype=np.int64) for key, rows in linked.items()}
    genes = []
    for snp in snps.tolist():
        table = tables.get((nodes.builds[snp], nodes.chromosomes[snp]))
        if table is None or nodes.positions[snp] < 0:
            genes.append(np.empty(0, dtype=np.int64))
            continue
        low, high = np.searchsorted(
            table[:, 0], [nodes.positions[snp] - LOCUS_REACH, nodes.positions[snp] + LOCUS_REACH]
        )
        genes.append(np.unique(table[low:high, 1]))
    return genes
