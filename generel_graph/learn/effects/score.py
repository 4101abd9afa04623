"""The effect score: how large an effect of an SNP on a trait is to be expected, from what is known of both.

A ridge on ten numbers of an SNP and a trait; no text, no allele and no cosine of the pair is among them. Effects are
ln |ln odds ratio|, centred by source, since a cohort's are smaller than those that a catalogue reports.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from generel_graph.corpus.arrays import expand_ranges, find_runs, is_in_sorted
from generel_graph.corpus.schema import Corpus

SOURCES = ("ASSOCIATED_WITH", "CORRELATES_WITH")  # the catalogue's, a cohort's
FLOOR = 1e-3  # |ln odds ratio| below it counts as this
PRIOR = 3.0  # pairs that a mean is shrunk by
NEAR = 0.1  # of exp(cosine / NEAR), by which other traits' effects count
RIDGE = 1.0
FEWEST = 50  # effects; from fewer nothing is told
ENTRIES = 16_384  # known effects that are looked at at once
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
class Ridge:
    """From the ten numbers to a centred effect, and by how much a source's lie above what the numbers say."""

    weights: Values  # [11], of the standardised numbers, then the constant
    centre: Values  # [10]
    spread: Values  # [10]
    shift: Values  # [sources]

    @classmethod
    def fit(cls, x: Values, effects: Values, sources: Ids) -> Ridge:
        """Fit to numbers [k, 10] and centred effects [k]."""
        centre, spread = x.mean(axis=0), np.maximum(x.std(axis=0), 1e-9)
        z = (x - centre) / spread
        y = effects - effects.mean()
        weights = np.append(np.linalg.solve(z.T @ z + RIDGE * np.eye(z.shape[1]), z.T @ y), effects.mean())
        left = effects - z @ weights[:-1] - weights[-1]
        count = np.maximum(np.bincount(sources, minlength=len(SOURCES)), 1)
        return cls(weights, centre, spread, np.bincount(sources, weights=left, minlength=len(SOURCES)) / count)

    def told(self, x: Values, source: int | Ids) -> Values:
        """Centred effects of pairs, [p], as a source would have them."""
        plain = ((x - self.centre) / self.spread) @ self.weights[:-1] + self.weights[-1]
        return np.asarray(plain + self.shift[source])


@dataclass(frozen=True, slots=True)
class EffectScore:
    """A fitted ridge with what it looks up; `score` gives the expected |ln odds ratio| of pairs."""

    known: KnownEffects
    means: Values  # [sources], of ln |ln odds ratio|
    ridge: Ridge
    strongest: Values  # [n], largest −log10 p of a node's associations
    reports: Values  # [n]
    beside: Ids  # neighbours of traits, each as trait · n + neighbour, sorted
    vectors: NDArray[np.floating]  # [n, d], untrained: which traits are near

    @property
    def usual(self) -> str:
        """The catalogue, or the source that there is where nothing is known of it."""
        there = np.bincount(self.known.sources, minlength=len(SOURCES)) > 0
        return SOURCES[int(np.argmax(there))]

    def score(self, snps: Ids, traits: Ids, source: str = "", asked: NDArray[np.floating] | None = None) -> Values:
        """The expected |ln odds ratio| of pairs, [p], as `source` (default: the usual one) would report it.

        `asked` [p, d]: the traits' vectors, for traits whose own are not among `vectors`.
        """
        x, number = self.numbers(snps, traits, own=True, asked=asked), SOURCES.index(source or self.usual)
        return np.asarray(np.exp(self.ridge.told(x, number) + self.means[number]))

    def percentile(self, effects: Values) -> Values:
        """Where expected effects, [p], of the usual source stand among the known ones: 0 … 100."""
        known = np.sort(self.known.effects)
        told = np.log(effects) - self.means[SOURCES.index(self.usual)]
        below, to = np.searchsorted(known, told, side="left"), np.searchsorted(known, told, side="right")
        return np.asarray(50 * (below + to) / len(known), dtype=np.float64)

    def largest(self, snps: Ids, traits: Ids) -> Values:
        """The SNP's largest known effect, centred by source, the pair's own among them: the simplest guess, a rank."""
        x = self.numbers(snps, traits, own=True)
        return np.where(x[:, 0] > 0, x[:, 1], -np.inf).clip(min=np.log(FLOOR) - 1)

    def numbers(self, snps: Ids, traits: Ids, own: bool, asked: NDArray[np.floating] | None = None) -> Values:
        """The ten numbers of each pair, [p, 10]; without `own`, what is known of the pair itself is left out."""
        first, many = find_runs(self.known.snps, snps)
        n = len(self.reports)
        total: Values = np.bincount(self.known.traits, weights=self.known.effects, minlength=n).astype(np.float64)
        count: Values = np.bincount(self.known.traits, minlength=n).astype(np.float64)
        out = np.empty((len(snps), len(NUMBERS)))
        for rows in np.split(np.arange(len(snps)), np.flatnonzero(np.diff(np.cumsum(many) // ENTRIES)) + 1):
            near = self.vectors[traits[rows]] if asked is None else asked[rows]
            trait = traits[rows]
            out[rows, :8] = self._looked_up(trait, first[rows], many[rows], own, near, total[trait], count[trait])
        out[:, 8] = np.log1p(self.strongest[snps])
        out[:, 9] = np.log1p(self.reports[snps])
        return out

    def _looked_up(
        self,
        traits: Ids,
        first: Ids,
        many: Ids,
        own: bool,
        asked: NDArray[np.floating],
        total: Values,
        count: Values,
    ) -> Values:
        """The first eight numbers, [p, 8]: sums and maxima over the entries first … first + many of each pair's SNP."""
        p = len(traits)
        pair = np.repeat(np.arange(p), many)
        at = expand_ranges(first, many)
        others, effects = self.known.traits[at], self.known.effects[at]
        same = others == traits[pair]
        if not own:
            total = total - np.bincount(pair[same], weights=effects[same], minlength=p)
            count = count - np.bincount(pair[same], minlength=p)
            pair, others, effects, same = (v[~same] for v in (pair, others, effects, same))
        entries = np.bincount(pair, minlength=p)
        mean = np.bincount(pair, weights=effects, minlength=p) / (entries + PRIOR)
        beside = same | is_in_sorted(self.beside, traits[pair] * len(self.reports) + others)
        by_trait = np.bincount(pair[beside], minlength=p) > 0
        cosine = np.einsum("ed,ed->e", self.vectors[others], asked[pair], dtype=np.float32).astype(np.float64)
        near = np.exp(cosine / NEAR)
        nearness = np.bincount(pair, weights=near, minlength=p)
        by_nearness = np.bincount(pair, weights=near * effects, minlength=p) / np.where(entries > 0, nearness, 1)
        return np.stack(
            [
                entries > 0,
                np.where(entries > 0, _largest(pair, effects, p), 0.0),
                mean,
                total / (count + PRIOR),
                np.log1p(count),
                np.where(by_trait, _largest(pair[beside], effects[beside], p), mean),
                by_trait,
                by_nearness,
            ],
            axis=1,
        )


def fit_effects(corpus: Corpus, vectors: NDArray[np.floating]) -> EffectScore | None:
    """Fit the ridge to what a corpus knows; None where it knows fewer than fifty effects.

    `vectors` [n, d]: untrained ones, unit or zeros. Each pair's own effect is left out of its numbers.
    """
    known, means = KnownEffects.of(corpus)
    if len(known.snps) < FEWEST:
        return None
    n = len(corpus.nodes)
    edges = corpus.edges
    wanted = np.array([t in SOURCES for t in edges.types], dtype=bool)
    rows = np.flatnonzero(wanted[edges.type])
    strongest = np.zeros(n)
    np.maximum.at(strongest, edges.starts[rows], np.nan_to_num(edges.neg_log10_p[rows]).astype(np.float64))
    a, b = corpus.edge_clusters(*NEIGHBOURS)
    empty = EffectScore(
        known=known,
        means=means,
        ridge=Ridge(*(np.zeros(0),) * 4),
        strongest=strongest,
        reports=np.bincount(edges.starts[rows], minlength=n).astype(np.float64),
        beside=np.unique(np.concatenate([a * n + b, b * n + a])),
        vectors=vectors,
    )
    x = empty.numbers(known.snps, known.traits, own=False)
    return replace(empty, ridge=Ridge.fit(x, known.effects, known.sources))


def _largest(group: Ids, values: Values, many: int) -> Values:
    """The largest value of each group 0 … many − 1; −∞ of an empty one."""
    out = np.full(many, -np.inf)
    np.maximum.at(out, group, values)
    return out
