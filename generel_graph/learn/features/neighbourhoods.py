"""What a corpus holds that SNPs which are no nodes may meet: neighbourhoods, places, and genes by place."""

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

GENE_SCALE, GENE_REACH = 25_000, 100_000  # base pairs: weight exp(−d / scale) of genes that SNPs near by are mapped to
MAPPED = ("LOCATED_IN", "NEAREST_TO")
_WIDE = np.int64(1) << 40  # longer than a chromosome


@dataclass(frozen=True, slots=True)
class SnpQuery:
    """SNPs that are no nodes, k of them, and what is known of each."""

    chromosomes: tuple[str, ...]  # [k], as "GRCh38:1"; "" where the position is unknown
    positions: NDArray[np.int64]  # [k]
    eqtl: EdgeArrays  # starts: number of the SNP, 0 … k − 1; ends: node of the corpus


@dataclass(frozen=True, slots=True)
class Neighbourhoods:
    """What a whole corpus holds that asked SNPs may meet; n nodes, a cluster is its representative's index."""

    pointers: NDArray[np.int64]  # as Adjacency's: these four with all edges
    columns: NDArray[np.int32]
    weights: NDArray[np.float32]
    degrees: NDArray[np.int32]  # [n]
    groups: NDArray[np.int8]  # [n]
    clusters: NDArray[np.int32]  # [n]
    scales: NDArray[np.float64]  # [relations]
    types: NDArray[np.str_]  # [relations], the last is ""
    chromosomes: NDArray[np.str_]  # sorted, as "GRCh38:1"
    keys: NDArray[np.int64]  # [p], place of each SNP that has one: chromosome's number · 2⁴⁰ + position; sorted
    snps: NDArray[np.int64]  # [p]
    mapped: NDArray[np.int64]  # [q], SNPs, sorted
    genes: NDArray[np.int64]  # [q], genes that these lie in or are nearest to
    same_locus: NDArray[np.bool_]  # [], whether SNPs near each other are neighbours

    @classmethod
    def from_corpus(cls, corpus: Corpus, same_locus: bool = True) -> Self:
        """Take out of a corpus what is needed."""
        nodes, adjacency = corpus.nodes, build_adjacency(corpus, 2, same_locus=same_locus)
        is_snp = adjacency.groups == GROUPS.index("snp")
        known = np.flatnonzero(is_snp & (nodes.positions >= 0) & np.array([bool(b) for b in nodes.builds], dtype=bool))
        places = np.array([f"{nodes.builds[i]}:{nodes.chromosomes[i]}" for i in known], dtype=str)
        chromosomes, number = np.unique(places, return_inverse=True)
        keys = number.astype(np.int64) * _WIDE + nodes.positions[known]
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
        """What was written to `path`; None where there is nothing."""
        try:
            with np.load(path, allow_pickle=False) as kept:
                return cls(**{field.name: kept[field.name] for field in fields(cls)})
        except FileNotFoundError:
            return None

    def write(self, path: Path) -> None:
        """Cache these neighbourhoods for the next process."""
        with atomic_file(path) as new, new.open("wb") as file:
            np.savez(file, **{field.name: getattr(self, field.name) for field in fields(self)})

    def builds(self) -> dict[str, int]:
        """How many SNPs have a place in each build, the most first."""
        counts: dict[str, int] = {}
        for name, count in zip(self.chromosomes, np.bincount(self.keys // _WIDE), strict=True):
            build = str(name).partition(":")[0]
            counts[build] = counts.get(build, 0) + int(count)
        return dict(sorted(counts.items(), key=lambda item: (-item[1], item[0])))

    def locus(self, asked: SnpQuery) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
        """Asker · n + SNP within 50 kb, sorted, and weights; of a dense locus the 64 nearest on each side."""
        row, at, distance = self._within(asked, LOCUS_REACH)
        middle = np.searchsorted(self.keys, self._keys(asked))[row]
        near = (at >= middle - LOCUS_NEIGHBOURS) & (at < middle + LOCUS_NEIGHBOURS) & self.same_locus
        key = row[near] * len(self.groups) + self.snps[at[near]]
        return merge_weights([(key, np.exp(-distance[near] / LOCUS_SCALE) / self.scales[-1])], np.maximum)

    def near_genes(self, asked: SnpQuery) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
        """Asker · n + gene that SNPs within 100 kb are mapped to, and the weight by the nearest of them."""
        row, at, distance = self._within(asked, GENE_REACH)
        first, count = find_runs(self.mapped, self.snps[at])
        key = np.repeat(row, count) * len(self.groups) + self.genes[expand_ranges(first, count)]
        return merge_weights([(key, np.exp(-np.repeat(distance, count) / GENE_SCALE))], np.maximum)

    def eqtl_genes(self, asked: SnpQuery) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
        """Asker · n + gene of its eQTL rows; weights are scaled as those of the loaded rows."""
        used, value = evidence(asked.eqtl)
        relation = np.array([_place(self.types, name) for name in asked.eqtl.types], dtype=np.int64)
        if len(value):
            known = relation[asked.eqtl.type]
            value = value / np.where(known >= 0, self.scales[known], value.mean())
        key = asked.eqtl.starts.astype(np.int64) * len(self.groups) + self.clusters[asked.eqtl.ends]
        return merge_weights([(key[used], value[used])], np.maximum)

    def _keys(self, asked: SnpQuery) -> NDArray[np.int64]:
        """Places of asked SNPs as `keys` has them; −2⁴⁰ where nothing is known of the chromosome."""
        found = np.array([_place(self.chromosomes, place) for place in asked.chromosomes], dtype=np.int64)
        return np.where(found >= 0, found * _WIDE + asked.positions, -_WIDE)

    def _within(self, asked: SnpQuery, reach: int) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
        """SNPs of the corpus near asked ones: number of the asker, place among `snps`, distance in base pairs."""
        keys = self._keys(asked)
        first = np.searchsorted(self.keys, keys - reach, side="left")
        count = np.searchsorted(self.keys, keys + reach, side="right") - first
        row, at = np.repeat(np.arange(len(keys)), count), expand_ranges(first, count)
        return row, at, np.abs(self.keys[at] - keys[row])

    def entries(
        self, clusters: NDArray[np.int64], families: tuple[str, ...]
    ) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64], NDArray[np.float64]]:
        """Neighbours of clusters in some families: whose, family, neighbour, weight."""
        numbers = np.array([FAMILIES.index(family) for family in families])
        at = (clusters[:, None] * len(FAMILIES) + numbers).ravel()
        first, count = self.pointers[at], self.pointers[at + 1] - self.pointers[at]
        entries = expand_ranges(first, count)
        whose = np.repeat(np.arange(len(clusters)).repeat(len(numbers)), count)
        family = np.repeat(np.tile(numbers, len(clusters)), count)
        return whose, family, self.columns[entries].astype(np.int64), self.weights[entries].astype(np.float64)


def merge_weights(
    parts: list[tuple[NDArray[np.int64], NDArray[np.float64]]], how: np.ufunc
) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Keys once each, sorted, with their weights taken together."""
    key, weights = (np.concatenate([part[i] for part in parts]) for i in (0, 1))
    key, weights, _ = combine(key.astype(np.int64), weights, np.zeros(len(key), dtype=np.uint16), how)
    return key, weights


def _place(names: NDArray[np.str_], name: str) -> int:
    """Where a name stands among sorted ones, the last of which may be ""; −1 where it does not."""
    at = np.flatnonzero(names == name) if name else np.empty(0, dtype=np.int64)
    return int(at[0]) if len(at) else -1
