"""The parts of a corpus that the inputs of new SNPs need: neighbourhoods, SNP positions, and genes by position."""

from __future__ import annotations

from dataclasses import dataclass, fields
from pathlib import Path
from typing import Self

import numpy as np
from numpy.typing import NDArray

from generel_etl.atomic import atomic_file
from generel_graph.corpus.arrays import expand_ranges, find_runs, sorted_unique
from generel_graph.corpus.schema import Corpus, EdgeArrays
from generel_graph.learn.features.adjacency import (
    LOCUS_NEIGHBOURS,
    LOCUS_REACH,
    LOCUS_SCALE,
    build_adjacency,
    combine,
    evidence,
)
from generel_graph.learn.features.blocks import FAMILIES, GROUPS

GENE_SCALE, GENE_REACH = 25_000, 100_000  # base pairs: genes of SNPs at distance d ≤ reach have weight exp(−d / scale)
MAPPED = ("LOCATED_IN", "NEAREST_TO")
_CHROMOSOME_STRIDE = np.int64(1) << 40  # longer than a chromosome


@dataclass(frozen=True, slots=True)
class SnpQuery:
    """k SNPs that are not in the graph, with their positions and eQTL rows."""

    chromosomes: tuple[str, ...]  # [k], as "GRCh38:1"; "" if the position is unknown
    positions: NDArray[np.int64]  # [k]
    eqtl: EdgeArrays  # starts: index of the SNP, 0 … k − 1; ends: node of the corpus


@dataclass(frozen=True, slots=True)
class Neighbourhoods:
    """The parts of a corpus that new SNPs need; n nodes, a cluster is the index of its representative."""

    pointers: NDArray[np.int64]  # this and the next three: as in Adjacency, with all edges
    columns: NDArray[np.int32]
    weights: NDArray[np.float32]
    degrees: NDArray[np.int32]  # [n]
    groups: NDArray[np.int8]  # [n]
    clusters: NDArray[np.int32]  # [n]
    scales: NDArray[np.float64]  # [relations]
    types: NDArray[np.str_]  # [relations], the last is ""
    chromosomes: NDArray[np.str_]  # sorted, as "GRCh38:1"
    keys: NDArray[np.int64]  # [p], index of the chromosome · 2⁴⁰ + position of each located SNP; sorted
    snps: NDArray[np.int64]  # [p], these SNPs
    mapped: NDArray[np.int64]  # [q], SNPs, sorted
    genes: NDArray[np.int64]  # [q], the gene that contains each of them or is nearest to it
    same_locus: NDArray[np.bool_]  # [], whether SNPs of one locus are neighbours

    @classmethod
    def from_corpus(cls, corpus: Corpus, same_locus: bool = True) -> Self:
        """Build the neighbourhoods of a corpus."""
        nodes, adjacency = corpus.nodes, build_adjacency(corpus, 2, same_locus=same_locus)
        is_snp = adjacency.groups == GROUPS.index("snp")
        known = np.flatnonzero(is_snp & (nodes.positions >= 0) & np.array([bool(b) for b in nodes.builds], dtype=bool))
        names = np.array([f"{nodes.builds[i]}:{nodes.chromosomes[i]}" for i in known], dtype=str)
        chromosomes, number = np.unique(names, return_inverse=True)
        keys = number.astype(np.int64) * _CHROMOSOME_STRIDE + nodes.positions[known]
        order = np.argsort(keys, kind="stable")
        starts, ends = corpus.edge_clusters(*MAPPED)
        pairs = sorted_unique(starts * len(nodes) + ends)
        return cls(
            pointers=adjacency.pointers,
            columns=adjacency.columns,
            weights=adjacency.weights,
            degrees=adjacency.degrees[-1],
            groups=adjacency.groups,
            clusters=nodes.clusters,
            scales=adjacency.scales,
            types=np.array([*corpus.edges.types, ""], dtype=str),
            chromosomes=chromosomes,
            keys=keys[order],
            snps=known[order].astype(np.int64),
            mapped=pairs // max(len(nodes), 1),
            genes=pairs % max(len(nodes), 1),
            same_locus=np.array(same_locus),
        )

    @classmethod
    def read(cls, path: Path) -> Self | None:
        """Read the neighbourhoods that `write` cached; None if there is no such file."""
        try:
            with np.load(path, allow_pickle=False) as arrays:
                return cls(**{field.name: arrays[field.name] for field in fields(cls)})
        except FileNotFoundError:
            return None

    def write(self, path: Path) -> None:
        """Cache these neighbourhoods for the next process."""
        with atomic_file(path) as new, new.open("wb") as file:
            np.savez(file, **{field.name: getattr(self, field.name) for field in fields(self)})

    def builds(self) -> dict[str, int]:
        """The number of located SNPs of each build, largest first."""
        counts: dict[str, int] = {}
        for name, count in zip(self.chromosomes, np.bincount(self.keys // _CHROMOSOME_STRIDE), strict=True):
            build = str(name).partition(":")[0]
            counts[build] = counts.get(build, 0) + int(count)
        return dict(sorted(counts.items(), key=lambda item: (-item[1], item[0])))

    def locus(self, query: SnpQuery) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
        """The SNPs within 50 kb of each queried SNP, as sorted keys query SNP · n + SNP, and their weights.

        In a dense locus, only the 64 nearest SNPs on each side.
        """
        row, index, distance = self._located_within(query, LOCUS_REACH)
        middle = np.searchsorted(self.keys, self._position_keys(query))[row]
        near = (index >= middle - LOCUS_NEIGHBOURS) & (index < middle + LOCUS_NEIGHBOURS) & self.same_locus
        key = row[near] * len(self.groups) + self.snps[index[near]]
        return merge_weights([(key, np.exp(-distance[near] / LOCUS_SCALE) / self.scales[-1])], np.maximum)

    def nearby_genes(self, query: SnpQuery) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
        """The genes to which SNPs within 100 kb are mapped, as keys query SNP · n + gene, and their weights.

        The weight is that of the nearest such SNP.
        """
        row, index, distance = self._located_within(query, GENE_REACH)
        first, count = find_runs(self.mapped, self.snps[index])
        key = np.repeat(row, count) * len(self.groups) + self.genes[expand_ranges(first, count)]
        return merge_weights([(key, np.exp(-np.repeat(distance, count) / GENE_SCALE))], np.maximum)

    def eqtl_genes(self, query: SnpQuery) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
        """The genes of the eQTL rows, as keys query SNP · n + gene; weights are scaled like those of loaded edges."""
        used, value = evidence(query.eqtl)
        relation = np.array([_index_of(self.types, name) for name in query.eqtl.types], dtype=np.int64)
        if len(value):
            row_relation = relation[query.eqtl.type]
            value = value / np.where(row_relation >= 0, self.scales[row_relation], value.mean())
        key = query.eqtl.starts.astype(np.int64) * len(self.groups) + self.clusters[query.eqtl.ends]
        return merge_weights([(key[used], value[used])], np.maximum)

    def _position_keys(self, query: SnpQuery) -> NDArray[np.int64]:
        """The positions of queried SNPs in the format of `keys`; −2⁴⁰ for a chromosome that is not in the corpus."""
        index = np.array([_index_of(self.chromosomes, name) for name in query.chromosomes], dtype=np.int64)
        return np.where(index >= 0, index * _CHROMOSOME_STRIDE + query.positions, -_CHROMOSOME_STRIDE)

    def _located_within(
        self, query: SnpQuery, reach: int
    ) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
        """SNPs of the corpus near queried ones: index of the queried SNP, index into `snps`, distance in base pairs."""
        keys = self._position_keys(query)
        first = np.searchsorted(self.keys, keys - reach, side="left")
        count = np.searchsorted(self.keys, keys + reach, side="right") - first
        row, index = np.repeat(np.arange(len(keys)), count), expand_ranges(first, count)
        return row, index, np.abs(self.keys[index] - keys[row])

    def entries(
        self, clusters: NDArray[np.int64], families: tuple[str, ...]
    ) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64], NDArray[np.float64]]:
        """The neighbours of clusters in some families: index into `clusters`, family, neighbour, weight."""
        numbers = np.array([FAMILIES.index(family) for family in families])
        row = (clusters[:, None] * len(FAMILIES) + numbers).ravel()
        first, count = self.pointers[row], self.pointers[row + 1] - self.pointers[row]
        entries = expand_ranges(first, count)
        cluster = np.repeat(np.arange(len(clusters)).repeat(len(numbers)), count)
        family = np.repeat(np.tile(numbers, len(clusters)), count)
        return cluster, family, self.columns[entries].astype(np.int64), self.weights[entries].astype(np.float64)


def merge_weights(
    parts: list[tuple[NDArray[np.int64], NDArray[np.float64]]], ufunc: np.ufunc
) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """The distinct keys, sorted, with the weights of equal keys merged by `ufunc`."""
    key, weights = (np.concatenate([part[i] for part in parts]) for i in (0, 1))
    key, weights, _ = combine(key.astype(np.int64), weights, np.zeros(len(key), dtype=np.uint16), ufunc)
    return key, weights


def _index_of(names: NDArray[np.str_], name: str) -> int:
    """The index of a name; −1 if it is not among `names` or is empty."""
    matches = np.flatnonzero(names == name) if name else np.empty(0, dtype=np.int64)
    return int(matches[0]) if len(matches) else -1
