"""The small corpus from which the vectors of SNPs that are not in the graph are computed.

Each SNP gets the inputs that it would have as a node of the graph: nearby genes, the genes of its eQTL rows and the
SNPs of its locus are its neighbours, and have one neighbour more. SNPs of one query do not become neighbours of each
other.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from generel_graph.corpus.arrays import sorted_unique
from generel_graph.corpus.schema import Corpus, EdgeArrays, Nodes
from generel_graph.learn.features.adjacency import Adjacency
from generel_graph.learn.features.blocks import FAMILIES, GROUPS
from generel_graph.learn.features.neighbourhoods import Neighbourhoods, SnpQuery, merge_weights
from generel_graph.learn.features.splits import Split

TRAITS = ("condition", "phenotype")


@dataclass(frozen=True, slots=True)
class SnpNeighbourhood:
    """The corpus around k queried SNPs, which are its first nodes, and the evidence for each of them."""

    corpus: Corpus  # without edges: `adjacency` already has their weights
    adjacency: Adjacency
    nodes: NDArray[np.int64]  # [n], the node of the complete corpus; −1 for a queried SNP
    nearby_genes: tuple[NDArray[np.int64], ...]  # [k], genes by position, nearest first (nodes of the complete corpus)
    eqtl_genes: tuple[NDArray[np.int64], ...]  # [k], genes of eQTL rows
    locus_snps: NDArray[np.int64]  # [k], number of SNPs of the corpus in the locus


def snp_neighbourhood(neighbourhoods: Neighbourhoods, query: SnpQuery) -> SnpNeighbourhood:
    """The corpus around the queried SNPs.

    Its nodes are, in this order: the queried SNPs; one copy of each of their genes for each of them; the neighbouring
    SNPs; and the traits of all these.
    """
    n, k = len(neighbourhoods.groups), len(query.chromosomes)
    locus, nearby = neighbourhoods.locus(query), neighbourhoods.nearby_genes(query)
    eqtl = neighbourhoods.eqtl_genes(query)
    links, weights = merge_weights([nearby, eqtl], np.add)
    query_snp, gene = links // n, links % n
    copies = k + np.arange(len(links))
    copy_row, family, neighbour, share = neighbourhoods.entries(gene, (*TRAITS, "snp"))
    # An SNP of the queried SNP's locus has the queried SNP as one neighbour more.
    share /= np.log2(2.0 + neighbourhoods.degrees[neighbour] + np.isin(query_snp[copy_row] * n + neighbour, locus[0]))
    is_snp = family == FAMILIES.index("snp")
    snps = sorted_unique(np.concatenate([locus[0] % n, neighbour[is_snp]]))
    snp_row, trait_family, trait, trait_share = neighbourhoods.entries(snps, TRAITS)
    trait_share /= np.log2(2.0 + neighbourhoods.degrees[trait])
    traits = sorted_unique(np.concatenate([neighbour[~is_snp], trait]))

    def local(nodes: NDArray[np.int64], table: NDArray[np.int64], first: int) -> NDArray[np.int64]:
        return first + np.searchsorted(table, nodes)

    first_snp = k + len(copies)
    first_trait = first_snp + len(snps)
    snp_family, gene_family = FAMILIES.index("snp"), neighbourhoods.groups[gene].astype(np.int64) + 1
    rows = np.concatenate([locus[0] // n, query_snp, copies[copy_row], first_snp + snp_row])
    families = np.concatenate([np.full(len(locus[0]), snp_family), gene_family, family, trait_family])
    columns = np.concatenate(
        [
            local(locus[0] % n, snps, first_snp),
            copies,
            np.where(is_snp, local(neighbour, snps, first_snp), local(neighbour, traits, first_trait)),
            local(trait, traits, first_trait),
        ]
    )
    values = np.concatenate(
        [
            locus[1] / np.log2(3.0 + neighbourhoods.degrees[locus[0] % n]),
            weights / np.log2(3.0 + neighbourhoods.degrees[gene]),
            share,
            trait_share,
        ]
    )
    nodes = np.concatenate([np.full(k, -1), gene, snps, traits])
    groups = np.where(nodes < 0, GROUPS.index("snp"), neighbourhoods.groups[nodes]).astype(np.int8)
    return SnpNeighbourhood(
        corpus=_corpus(len(nodes)),
        adjacency=_adjacency(rows * len(FAMILIES) + families, columns, values, groups),
        nodes=nodes,
        nearby_genes=_by_query_snp(nearby, n, k),
        eqtl_genes=_by_query_snp(eqtl, n, k),
        locus_snps=np.bincount(locus[0] // n, minlength=k),
    )


def _by_query_snp(
    keys_and_weights: tuple[NDArray[np.int64], NDArray[np.float64]], n: int, k: int
) -> tuple[NDArray[np.int64], ...]:
    """The nodes of each queried SNP, largest weight first."""
    key, weights = keys_and_weights
    key = key[np.lexsort((key, -weights, key // n))]
    return tuple(np.split(key % n, np.searchsorted(key // n, np.arange(1, k)))) if k else ()


def _adjacency(
    rows: NDArray[np.int64], columns: NDArray[np.int64], weights: NDArray[np.float64], groups: NDArray[np.int8]
) -> Adjacency:
    """The neighbourhoods of a local corpus, whose weights already account for the degrees."""
    n, order = len(groups), np.lexsort((columns, rows))
    pointers = np.zeros(n * len(FAMILIES) + 1, dtype=np.int64)
    np.cumsum(np.bincount(rows, minlength=n * len(FAMILIES)), out=pointers[1:])
    return Adjacency(
        size=n,
        folds=2,
        split=Split.by_pair(np.zeros(n, dtype=np.uint64)),
        pointers=pointers,
        columns=columns[order].astype(np.int32),
        weights=weights[order].astype(np.float32),
        masks=np.zeros(len(rows), dtype=np.uint16),
        degrees=np.zeros((4, n), dtype=np.int32),
        groups=groups,
        scales=np.ones(1),
    )


def _corpus(n: int) -> Corpus:
    """A corpus of n nodes without names and edges, each a cluster."""
    empty_texts = ("",) * n
    no_nodes = np.empty(0, dtype=np.int32)
    no_numbers = no_nodes.astype(np.float32)
    nodes = Nodes(
        ids=empty_texts,
        kinds=empty_texts,
        texts=empty_texts,
        synonyms=((),) * n,
        clusters=np.arange(n, dtype=np.int32),
        chromosomes=empty_texts,
        positions=np.full(n, -1, dtype=np.int64),
        builds=empty_texts,
    )
    edges = EdgeArrays((), no_nodes, no_nodes, no_nodes.astype(np.int16), no_numbers, no_numbers, no_numbers)
    return Corpus("", nodes, edges, {})
