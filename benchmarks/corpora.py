"""Synthetic corpora of any size in memory, and an encoder that costs no time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from generel_etl.progress import Progress, silent
from generel_graph.corpus.schema import Corpus, EdgeArrays, Nodes, Pairs

# kind, prefix of the id, share of the nodes
KINDS = (
    ("SNP", "rs", 0.35),
    ("Disease", "MONDO:", 0.20),
    ("Gene", "HGNC:", 0.15),
    ("Phenotype", "HP:", 0.12),
    ("BiologicalProcess", "GO:", 0.10),
    ("Drug", "DRUGBANK:", 0.08),
)
# task, type, kinds of the endpoints, share of the pairs; each pair is also an edge
LINKS = (
    ("gwas", "ASSOCIATED_WITH", "SNP", "Disease", 0.25),
    ("eqtl", "REGULATES", "SNP", "Gene", 0.20),
    ("gene_disease", "GENE_ASSOCIATED_WITH", "Gene", "Disease", 0.20),
    ("disease_phenotype", "HAS_PHENOTYPE", "Disease", "Phenotype", 0.15),
    ("gene_process", "PARTICIPATES_IN", "Gene", "BiologicalProcess", 0.12),
    ("drug_gene", "TARGETS", "Drug", "Gene", 0.08),
)
POWER = 0.6  # exponent of the power law of degrees
SYNONYMS = 0.2  # share of the concepts with a synonym
WITH_EFFECT = 0.05  # share of the associations with an odds ratio


@dataclass(frozen=True, slots=True)
class RandomEncoder:
    """A random unit vector for each text, zeros for an empty one: for measurements that do not depend on vectors."""

    dimension: int = 384
    name: str = "random"

    @property
    def digest(self) -> str:
        """The identity of the vectors."""
        return f"random-{self.dimension}"

    def encode(self, texts: Sequence[str], progress: Progress = silent) -> NDArray[np.float32]:
        """Vectors, [n, d], made in parts."""
        random = np.random.default_rng(0)
        out = np.empty((len(texts), self.dimension), dtype=np.float32)
        for at in range(0, len(texts), 4096):
            part = out[at : at + 4096]
            random.standard_normal(out=part, dtype=np.float32)
            part *= np.array([bool(text) for text in texts[at : at + 4096]], dtype=np.float32)[:, None]
            part /= np.maximum(np.linalg.norm(part, axis=1, keepdims=True), 1e-9)
        return out


def synthetic_corpus(nodes: int, pairs: int, seed: int = 0) -> Corpus:
    """About `nodes` nodes of six kinds, `pairs` pairs of six tasks, and synonyms; degrees follow a power law."""
    random = np.random.default_rng(seed)
    named = [(f"{prefix}{i:08d}", kind) for kind, prefix, share in KINDS for i in range(int(nodes * share))]
    named.sort()
    ids, kinds = zip(*named, strict=True)
    kind_of = np.array(kinds)
    snp = kind_of == "SNP"
    texts = tuple("" if kind == "SNP" else f"{kind} {id_}" for id_, kind in named)
    members = {kind: random.permutation(np.flatnonzero(kind_of == kind)) for kind, _, _ in KINDS}
    tasks: dict[str, Pairs] = {}
    for task, _, start, end, share in LINKS:
        a, b = _pairs(random, members[start], members[end], int(pairs * share), len(ids))
        effects = np.full(len(a), np.nan, dtype=np.float32)
        if task == "gwas":
            has_effect = random.random(len(a)) < WITH_EFFECT
            effects[has_effect] = random.exponential(0.2, int(has_effect.sum()))
        weights = (random.beta(4, 2, len(a)) * 0.99 + 0.01).astype(np.float32)
        tasks[task] = Pairs(a, b, weights, effects)
    edges = EdgeArrays(
        types=tuple(type_ for _, type_, *_ in LINKS),
        starts=np.concatenate([p.anchors for p in tasks.values()]),
        ends=np.concatenate([p.positives for p in tasks.values()]),
        type=np.repeat(np.arange(len(tasks), dtype=np.int16), [len(p) for p in tasks.values()]),
        weights=np.concatenate([p.weights for p in tasks.values()]),
        log_odds=np.concatenate([p.effects for p in tasks.values()]),
        neg_log10_p=np.full(sum(map(len, tasks.values())), np.nan, dtype=np.float32),
    )
    concepts = np.flatnonzero(~snp)
    with_synonym = np.sort(random.choice(concepts, int(len(concepts) * SYNONYMS), replace=False)).astype(np.int32)
    tasks["synonym"] = Pairs(
        with_synonym,
        np.arange(len(with_synonym), dtype=np.int32),
        np.ones(len(with_synonym), dtype=np.float32),
        np.full(len(with_synonym), np.nan, dtype=np.float32),
        tuple(f"another name of {texts[i]}" for i in with_synonym),
    )
    position = np.where(snp, random.integers(1, 150_000_000, len(ids)), -1)
    return Corpus(
        digest=f"made-up-{nodes}-{pairs}-{seed}",
        nodes=Nodes(
            ids=ids,
            kinds=kinds,
            texts=texts,
            synonyms=((),) * len(ids),
            clusters=np.arange(len(ids), dtype=np.int32),
            chromosomes=tuple(
                str(p % 22 + 1) if s else "" for s, p in zip(snp.tolist(), position.tolist(), strict=True)
            ),
            positions=position,
            builds=tuple("GRCh38" if s else "" for s in snp.tolist()),
        ),
        edges=edges,
        tasks=tasks,
    )


def _pairs(
    random: np.random.Generator, starts: NDArray[np.int64], ends: NDArray[np.int64], number: int, n: int
) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
    """`number` different pairs, sorted; at most a third of all possible pairs."""
    number = min(number, len(starts) * len(ends) // 3)
    key = np.empty(0, dtype=np.int64)
    while len(key) < number:
        more = int((number - len(key)) * 1.3) + 100
        a, b = (nodes[_drawn(random, len(nodes), more)] for nodes in (starts, ends))
        key = np.sort(np.concatenate([key, a * n + b]))
        key = key[np.r_[True, key[1:] != key[:-1]]]
    key = np.sort(random.choice(key, number, replace=False))
    return (key // n).astype(np.int32), (key % n).astype(np.int32)


def _drawn(random: np.random.Generator, n: int, number: int) -> NDArray[np.int64]:
    weights = np.cumsum(np.arange(1, n + 1, dtype=np.float64) ** -POWER)
    return np.minimum(np.searchsorted(weights, random.random(number) * weights[-1]), n - 1)
