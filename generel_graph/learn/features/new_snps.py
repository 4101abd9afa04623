"""The small corpus that the vectors of SNPs which are no nodes are made of.

Each gets the inputs that it would have as one node more: near genes and genes of its eQTL rows as neighbours, SNPs of
its locus too, and all of these one neighbour more. SNPs that are asked together do not see each other.
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
    """The corpus around some asked SNPs, which are its first nodes, and what each was placed from."""

    corpus: Corpus  # without edges: `adjacency` has what they came to
    adjacency: Adjacency
    nodes: NDArray[np.int64]  # [n], which node of the whole corpus each is; −1: an asked one
    nearby_genes: tuple[NDArray[np.int64], ...]  # [k], genes of the whole corpus by place, the nearest first
    eqtl_genes: tuple[NDArray[np.int64], ...]  # [k], genes of eQTL rows
    locus_snps: NDArray[np.int64]  # [k], how many SNPs of the corpus lie in the locus


def snp_neighbourhood(neighbourhoods: Neighbourhoods, asked: SnpQuery) -> SnpNeighbourhood:
    """The corpus around SNPs: them, their genes once for each of them, SNPs that these meet, and all traits."""
    n, k = len(neighbourhoods.groups), len(asked.chromosomes)
    locus, near, read = neighbourhoods.locus(asked), neighbourhoods.near_genes(asked), neighbourhoods.eqtl_genes(asked)
    links, weights = merge_weights([near, read], np.add)
    asker, gene = links // n, links % n
    copies = k + np.arange(len(links))
    of_copy, family, met, share = neighbourhoods.entries(gene, (*TRAITS, "snp"))
    # What a gene sees of an asked SNP's own neighbours has that SNP as a neighbour, too.
    share /= np.log2(2.0 + neighbourhoods.degrees[met] + np.isin(asker[of_copy] * n + met, locus[0]))
    of_snp = family == FAMILIES.index("snp")
    snps = sorted_unique(np.concatenate([locus[0] % n, met[of_snp]]))
    of_seen, trait_family, trait, trait_share = neighbourhoods.entries(snps, TRAITS)
    trait_share /= np.log2(2.0 + neighbourhoods.degrees[trait])
    traits = sorted_unique(np.concatenate([met[~of_snp], trait]))

    def local(nodes: NDArray[np.int64], among: NDArray[np.int64], first: int) -> NDArray[np.int64]:
        return first + np.searchsorted(among, nodes)

    first_snp = k + len(copies)
    first_trait = first_snp + len(snps)
    snp_family, gene_family = FAMILIES.index("snp"), neighbourhoods.groups[gene].astype(np.int64) + 1
    rows = np.concatenate([locus[0] // n, asker, copies[of_copy], first_snp + of_seen])
    families = np.concatenate([np.full(len(locus[0]), snp_family), gene_family, family, trait_family])
    columns = np.concatenate(
        [
            local(locus[0] % n, snps, first_snp),
            copies,
            np.where(of_snp, local(met, snps, first_snp), local(met, traits, first_trait)),
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
        nearby_genes=_by_asker(near, n, k),
        eqtl_genes=_by_asker(read, n, k),
        locus_snps=np.bincount(locus[0] // n, minlength=k),
    )


def _by_asker(found: tuple[NDArray[np.int64], NDArray[np.float64]], n: int, k: int) -> tuple[NDArray[np.int64], ...]:
    """The nodes found for each asked SNP, those of the largest weight first."""
    key, weights = found
    key = key[np.lexsort((key, -weights, key // n))]
    return tuple(np.split(key % n, np.searchsorted(key // n, np.arange(1, k)))) if k else ()


def _adjacency(
    rows: NDArray[np.int64], columns: NDArray[np.int64], weights: NDArray[np.float64], groups: NDArray[np.int8]
) -> Adjacency:
    """Neighbourhoods of a local corpus, whose degrees are in the weights already."""
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
    """n nodes, each a cluster of its own, of which nothing is said but what an adjacency says."""
    nothing = ("",) * n
    none = np.empty(0, dtype=np.int32)
    number = none.astype(np.float32)
    nodes = Nodes(
        ids=nothing,
        kinds=nothing,
        texts=nothing,
        synonyms=((),) * n,
        clusters=np.arange(n, dtype=np.int32),
        chromosomes=nothing,
        positions=np.full(n, -1, dtype=np.int64),
        builds=nothing,
    )
    return Corpus("", nodes, EdgeArrays((), none, none, none.astype(np.int16), number, number, number), {})
