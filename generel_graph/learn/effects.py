"""The effect score: how large an effect of an SNP on a trait is to be expected, from what is known of both.

A ridge on ten numbers of an SNP and a trait; no text, no allele and no cosine of the pair is among them. Effects are
ln |ln odds ratio|, centred by source, since a cohort's are smaller than those that a catalogue reports.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from generel_graph.corpus import Corpus

SOURCES = ("ASSOCIATED_WITH", "CORRELATES_WITH")  # the catalogue's, a cohort's
FLOOR = 1e-3  # |ln odds ratio| below it counts as this
PRIOR = 3.0  # pairs that a mean is shrunk by
NEAR = 0.1  # of exp(cosine / NEAR), by which other traits' effects count
RIDGE = 1.0
NEIGHBOURS = ("IS_A", "XREF")
NUMBERS = (
    "the SNP has effects",
    "its largest",
    "its shrunk mean",
    "the trait's shrunk mean",
    "ln(1 + the trait's effects)",
    "largest on the trait or a neighbour of it",
    "there is one",
    "mean by nearness of the traits",
    "ln(1 + largest −log10 p)",
    "ln(1 + reports)",
)
Ids = NDArray[np.int64]
Values = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class KnownEffects:
    """What is known: one entry a pair of SNP and trait cluster, and source; sorted by SNP."""

    snps: Ids  # [k]
    traits: Ids  # [k], representatives
    sources: Ids  # [k], index into SOURCES
    effects: Values  # [k], ln |ln odds ratio|, centred by source

    @classmethod
    def of(cls, corpus: Corpus) -> tuple[KnownEffects, Values]:
        """Those of a corpus, and the mean that each source was centred by."""
        edges, clusters = corpus.edges, corpus.nodes.clusters.astype(np.int64)
        place = np.array([SOURCES.index(t) if t in SOURCES else -1 for t in edges.types], dtype=np.int64)
        source = place[edges.type] if len(place) else np.empty(0, dtype=np.int64)
        rows = np.flatnonzero((source >= 0) & np.isfinite(edges.log_odds) & (edges.log_odds > 0))
        n = len(corpus.nodes)
        key = (edges.starts[rows].astype(np.int64) * n + clusters[edges.ends[rows]]) * len(SOURCES) + source[rows]
        unique, inverse = np.unique(key, return_inverse=True)
        count = np.maximum(np.bincount(inverse, minlength=len(unique)), 1)
        mean = np.bincount(inverse, weights=edges.log_odds[rows].astype(np.float64), minlength=len(unique)) / count
        values, of = np.log(np.maximum(mean, FLOOR)), unique % len(SOURCES)
        means = np.array([values[of == s].mean() if (of == s).any() else 0.0 for s in range(len(SOURCES))])
        pair = unique // len(SOURCES)
        return cls(pair // n, pair % n, of, values - means[of]), means


@dataclass(frozen=True, slots=True)
class EffectScore:
    """A fitted ridge with what it looks up; `score` gives the expected |ln odds ratio| of pairs."""

    known: KnownEffects
    means: Values  # [sources], of ln |ln odds ratio|
    weights: Values  # [11], of the standardised numbers, then the constant
    centre: Values  # [10]
    spread: Values  # [10]
    strongest: Values  # [n], largest −log10 p of a node's associations
    reports: Values  # [n]
    beside: Mapping[int, Ids]  # neighbours of traits
    vectors: NDArray[np.float32]  # [n, d], untrained: which traits are near

    def score(self, snps: Ids, traits: Ids, source: str = SOURCES[0]) -> Values:
        """The expected |ln odds ratio| of pairs, [p], as `source` would report it."""
        x = self._numbers(snps, traits, own=True)
        told = ((x - self.centre) / self.spread) @ self.weights[:-1] + self.weights[-1]
        return np.asarray(np.exp(told + self.means[SOURCES.index(source)]))

    def largest(self, snps: Ids, traits: Ids) -> Values:
        """The SNP's largest known effect, centred by source, the pair's own among them: the simplest guess, a rank."""
        x = self._numbers(snps, traits, own=True)
        return np.where(x[:, 0] > 0, x[:, 1], -np.inf).clip(min=np.log(FLOOR) - 1)

    def _numbers(self, snps: Ids, traits: Ids, own: bool) -> Values:
        """The ten numbers of each pair, [p, 10]; without `own`, what is known of the pair itself is left out."""
        k = self.known
        out = np.zeros((len(snps), len(NUMBERS)))
        total = np.bincount(k.traits, weights=k.effects, minlength=len(self.reports))
        many = np.bincount(k.traits, minlength=len(self.reports))
        first = np.searchsorted(k.snps, snps, side="left")
        last = np.searchsorted(k.snps, snps, side="right")
        none = np.empty(0, dtype=np.int64)
        for row, (snp, trait) in enumerate(zip(snps.tolist(), traits.tolist(), strict=True)):
            others, effects = k.traits[first[row] : last[row]], k.effects[first[row] : last[row]]
            same = others == trait
            of_trait, count = total[trait], many[trait]
            if not own and same.any():
                of_trait, count = of_trait - effects[same].sum(), count - int(same.sum())
                others, effects = others[~same], effects[~same]
            mean = effects.sum() / (len(effects) + PRIOR)
            beside = np.isin(others, np.append(self.beside.get(trait, none), trait))
            near = np.exp(self.vectors[others] @ self.vectors[trait] / NEAR) if len(others) else none
            out[row] = (
                len(effects) > 0,
                effects.max(initial=-np.inf) if len(effects) else 0.0,
                mean,
                of_trait / (count + PRIOR),
                np.log1p(count),
                effects[beside].max() if beside.any() else mean,
                beside.any(),
                (near * effects).sum() / near.sum() if len(effects) else 0.0,
                np.log1p(self.strongest[snp]),
                np.log1p(self.reports[snp]),
            )
        return out


def fit_effects(corpus: Corpus, vectors: NDArray[np.float32]) -> EffectScore | None:
    """Fit the ridge to what a corpus knows; None where it knows fewer than fifty effects.

    `vectors` [n, d]: untrained ones, unit or zeros. Each pair's own effect is left out of its numbers.
    """
    known, means = KnownEffects.of(corpus)
    if len(known.snps) < 50:
        return None
    n = len(corpus.nodes)
    edges = corpus.edges
    wanted = np.array([t in SOURCES for t in edges.types], dtype=bool)
    rows = np.flatnonzero(wanted[edges.type])
    strongest = np.zeros(n)
    np.maximum.at(strongest, edges.starts[rows], np.nan_to_num(edges.neg_log10_p[rows]).astype(np.float64))
    a, b = corpus.joined(*NEIGHBOURS)
    pairs = np.unique(np.concatenate([a * n + b, b * n + a]))
    firsts, at = np.unique(pairs // n, return_index=True)
    beside = dict(zip(firsts.tolist(), np.split(pairs % n, at[1:]), strict=True)) if len(pairs) else {}
    blank = np.zeros(len(NUMBERS))
    empty = EffectScore(
        known=known,
        means=means,
        weights=np.zeros(len(NUMBERS) + 1),
        centre=blank,
        spread=blank + 1,
        strongest=strongest,
        reports=np.bincount(edges.starts[rows], minlength=n).astype(np.float64),
        beside=beside,
        vectors=vectors,
    )
    x = empty._numbers(known.snps, known.traits, own=False)
    centre, spread = x.mean(axis=0), np.maximum(x.std(axis=0), 1e-9)
    z = (x - centre) / spread
    weights = np.linalg.solve(z.T @ z + RIDGE * np.eye(z.shape[1]), z.T @ (known.effects - known.effects.mean()))
    fitted = {name: getattr(empty, name) for name in ("known", "means", "strongest", "reports", "beside", "vectors")}
    return EffectScore(**fitted, weights=np.append(weights, known.effects.mean()), centre=centre, spread=spread)
