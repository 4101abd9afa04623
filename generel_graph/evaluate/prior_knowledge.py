"""What the graph and the papers stated before the period of a test."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from generel_graph.corpus.arrays import is_in_sorted
from generel_graph.corpus.schema import Corpus, Reports
from generel_graph.evaluate.held_out import Ids

NEIGHBOUR_TYPES = ("IS_A", "XREF")


@dataclass(frozen=True, slots=True)
class PriorKnowledge:
    """Reported pairs and degrees at the start of a period; a key is snp · n + trait."""

    n: int
    ever: Ids  # sorted keys of all reported pairs, of any date
    reported: Ids  # sorted keys of the pairs that were reported before the period
    trait_degree: Ids  # [n], SNPs of a trait
    snp_degree: Ids  # [n], traits of an SNP
    edges: Ids  # [n], edges of a node of any kind
    neighbours: Mapping[int, Ids]  # of traits, by NEIGHBOUR_TYPES

    def first_reports(self, left: NDArray[np.integer], right: Ids, papers: NDArray[np.integer]) -> tuple[Ids, Ids, Ids]:
        """Each pair once, with the first paper that has it: left, right, paper."""
        _, first = np.unique(left.astype(np.int64) * self.n + right, return_index=True)
        return left[first].astype(np.int64), right[first], papers[first].astype(np.int64)

    def has_reported_neighbour(self, snps: Ids, traits: Ids) -> NDArray[np.bool_]:
        """Whether the SNP of each pair was reported with a neighbour of the trait, [p]."""
        none = np.empty(0, dtype=np.int64)
        return np.array(
            [
                bool(is_in_sorted(self.reported, snp * self.n + self.neighbours.get(int(trait), none)).any())
                for snp, trait in zip(snps, traits, strict=True)
            ],
            dtype=bool,
        )

    def unreported_snps(self, reports: Reports) -> Ids:
        """SNPs with a report of any date, none of them before the period, and with another edge.

        SNPs without any report (of an SNP list or an eQTL table) are left out: their neighbours alone would
        distinguish them from reported SNPs.
        """
        reported = np.zeros(self.n, dtype=bool)
        reported[reports.snps[~reports.is_gene]] = True
        return np.flatnonzero(reported & (self.snp_degree == 0) & (self.edges > 0))


def prior_knowledge(past: Corpus, reports: Reports) -> PriorKnowledge:
    """Collect what `past`, the corpus before a period, and `reports`, of all dates, state."""
    n, clusters = len(past.nodes), past.nodes.clusters.astype(np.int64)
    of_trait = ~reports.is_gene
    snps, traits = reports.snps[of_trait].astype(np.int64), clusters[reports.ends[of_trait]]
    old_snps, old_traits = past.edge_clusters("ASSOCIATED_WITH")
    reported = np.unique(old_snps * n + old_traits)
    gwas = past.tasks.get("gwas")
    trained = reported if gwas is None else np.unique(gwas.anchors.astype(np.int64) * n + clusters[gwas.positives])
    endpoints = np.concatenate([past.edges.starts, past.edges.ends]).astype(np.int64)
    a, b = past.edge_clusters(*NEIGHBOUR_TYPES)
    pairs = np.unique(np.concatenate([a * n + b, b * n + a]))
    nodes, first = np.unique(pairs // n, return_index=True)
    neighbours = dict(zip(nodes.tolist(), np.split(pairs % n, first[1:]), strict=True)) if len(pairs) else {}
    return PriorKnowledge(
        n=n,
        ever=np.unique(np.concatenate([snps * n + traits, reported])),
        reported=reported,
        trait_degree=np.bincount(trained % n, minlength=n),
        snp_degree=np.bincount(trained // n, minlength=n),
        edges=np.bincount(endpoints, minlength=n),
        neighbours=neighbours,
    )
