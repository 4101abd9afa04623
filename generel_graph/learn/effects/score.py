"""The effect score: the expected size of the effect of an SNP on a trait, from the known effects of both.

It is a ridge regression on ten predictors of the SNP and the trait; text, alleles and the cosine of the pair are not
among them. Effects are ln |ln odds ratio|, centred by source, because effects in a cohort are smaller than those that a
catalogue reports.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from generel_graph.corpus.arrays import expand_ranges, find_runs, is_in_sorted
from generel_graph.corpus.schema import Corpus

SOURCES = ("ASSOCIATED_WITH", "CORRELATES_WITH")  # effects of a catalogue, of a cohort
FLOOR = 1e-3  # smaller values of |ln odds ratio| are raised to this
PRIOR = 3.0  # pairs by which a mean is shrunk towards 0
NEAR = 0.1  # effects on other traits have weight exp(cosine / NEAR)
RIDGE = 1.0
MIN_EFFECTS = 50  # with fewer known effects, no score is fitted
ENTRIES = 16_384  # known effects that are processed at once
NEIGHBOURS = ("IS_A", "XREF")
PREDICTORS = (
    "the SNP has effects",
    "its largest effect",
    "its shrunk mean effect",
    "shrunk mean effect on the trait",
    "ln(1 + number of effects on the trait)",
    "its largest effect on the trait or a neighbour",
    "it has an effect on the trait or a neighbour",
    "its mean effect, weighted by the similarity of the traits",
    "ln(1 + its largest −log10 p)",
    "ln(1 + its reports)",
)
Ids = NDArray[np.int64]
Values = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class KnownEffects:
    """The known effects: one entry per SNP, cluster of the trait, and source; sorted by SNP."""

    snps: Ids  # [k]
    traits: Ids  # [k], representatives
    sources: Ids  # [k], index into SOURCES
    effects: Values  # [k], ln |ln odds ratio|, centred by source

    @classmethod
    def from_corpus(cls, corpus: Corpus) -> tuple[KnownEffects, Values]:
        """The known effects of a corpus, and the mean by which each source was centred."""
        edges, clusters = corpus.edges, corpus.nodes.clusters.astype(np.int64)
        source_of_type = np.array([SOURCES.index(t) if t in SOURCES else -1 for t in edges.types], dtype=np.int64)
        source = source_of_type[edges.type] if len(source_of_type) else np.empty(0, dtype=np.int64)
        rows = np.flatnonzero((source >= 0) & np.isfinite(edges.log_odds) & (edges.log_odds > 0))
        n = len(corpus.nodes)
        key = (edges.starts[rows].astype(np.int64) * n + clusters[edges.ends[rows]]) * len(SOURCES) + source[rows]
        unique, inverse = np.unique(key, return_inverse=True)
        count = np.maximum(np.bincount(inverse, minlength=len(unique)), 1)
        mean = np.bincount(inverse, weights=edges.log_odds[rows].astype(np.float64), minlength=len(unique)) / count
        values, sources = np.log(np.maximum(mean, FLOOR)), unique % len(SOURCES)
        means = np.array([values[sources == s].mean() if (sources == s).any() else 0.0 for s in range(len(SOURCES))])
        pair = unique // len(SOURCES)
        return cls(pair // n, pair % n, sources, values - means[sources]), means


@dataclass(frozen=True, slots=True)
class Ridge:
    """A ridge regression from the ten predictors to a centred effect, with a mean residual per source."""

    weights: Values  # [11], of the standardised predictors, then the intercept
    centre: Values  # [10]
    spread: Values  # [10]
    shift: Values  # [sources], the mean residual

    @classmethod
    def fit(cls, x: Values, effects: Values, sources: Ids) -> Ridge:
        """Fit to predictors [k, 10] and centred effects [k]."""
        centre, spread = x.mean(axis=0), np.maximum(x.std(axis=0), 1e-9)
        z = (x - centre) / spread
        y = effects - effects.mean()
        weights = np.append(np.linalg.solve(z.T @ z + RIDGE * np.eye(z.shape[1]), z.T @ y), effects.mean())
        residuals = effects - z @ weights[:-1] - weights[-1]
        count = np.maximum(np.bincount(sources, minlength=len(SOURCES)), 1)
        return cls(weights, centre, spread, np.bincount(sources, weights=residuals, minlength=len(SOURCES)) / count)

    def predict(self, x: Values, source: int | Ids) -> Values:
        """The centred effects of pairs, [p], in a source."""
        prediction = ((x - self.centre) / self.spread) @ self.weights[:-1] + self.weights[-1]
        return np.asarray(prediction + self.shift[source])


@dataclass(frozen=True, slots=True)
class EffectScore:
    """A fitted ridge with the data of its predictors; `score` gives the expected |ln odds ratio| of pairs."""

    known: KnownEffects
    means: Values  # [sources], of ln |ln odds ratio|
    ridge: Ridge
    strongest: Values  # [n], largest −log10 p of a node's associations
    reports: Values  # [n]
    trait_neighbours: Ids  # each as trait · n + neighbour, sorted
    vectors: NDArray[np.floating]  # [n, d], text propagation, for the similarity of traits

    @property
    def default_source(self) -> str:
        """The catalogue; the cohort if the catalogue has no known effects."""
        has_effects = np.bincount(self.known.sources, minlength=len(SOURCES)) > 0
        return SOURCES[int(np.argmax(has_effects))]

    def score(
        self, snps: Ids, traits: Ids, source: str = "", trait_vectors: NDArray[np.floating] | None = None
    ) -> Values:
        """The expected |ln odds ratio| of pairs, [p], on the scale of `source` (default: `default_source`).

        `trait_vectors` [p, d]: the vectors of the pairs' traits, if `vectors` does not have them.
        """
        x = self.predictors(snps, traits, own=True, trait_vectors=trait_vectors)
        number = SOURCES.index(source or self.default_source)
        return np.asarray(np.exp(self.ridge.predict(x, number) + self.means[number]))

    def percentile(self, effects: Values) -> Values:
        """The percentiles, 0 … 100, of expected effects [p] of the default source among the known effects."""
        known = np.sort(self.known.effects)
        centred = np.log(effects) - self.means[SOURCES.index(self.default_source)]
        below, up_to = np.searchsorted(known, centred, side="left"), np.searchsorted(known, centred, side="right")
        return np.asarray(50 * (below + up_to) / len(known), dtype=np.float64)

    def largest(self, snps: Ids, traits: Ids) -> Values:
        """The largest known effect of each SNP, on any trait, centred by source: a baseline for ranking."""
        x = self.predictors(snps, traits, own=True)
        return np.where(x[:, 0] > 0, x[:, 1], -np.inf).clip(min=np.log(FLOOR) - 1)

    def predictors(
        self, snps: Ids, traits: Ids, own: bool, trait_vectors: NDArray[np.floating] | None = None
    ) -> Values:
        """The ten predictors of each pair, [p, 10]; without `own`, known effects of the pair itself are left out."""
        first, count = find_runs(self.known.snps, snps)
        n = len(self.reports)
        trait_sum: Values = np.bincount(self.known.traits, weights=self.known.effects, minlength=n).astype(np.float64)
        trait_count: Values = np.bincount(self.known.traits, minlength=n).astype(np.float64)
        out = np.empty((len(snps), len(PREDICTORS)))
        for rows in np.split(np.arange(len(snps)), np.flatnonzero(np.diff(np.cumsum(count) // ENTRIES)) + 1):
            vectors = self.vectors[traits[rows]] if trait_vectors is None else trait_vectors[rows]
            trait = traits[rows]
            out[rows, :8] = self._effect_predictors(
                trait, first[rows], count[rows], own, vectors, trait_sum[trait], trait_count[trait]
            )
        out[:, 8] = np.log1p(self.strongest[snps])
        out[:, 9] = np.log1p(self.reports[snps])
        return out

    def _effect_predictors(
        self,
        traits: Ids,
        first: Ids,
        count: Ids,
        own: bool,
        trait_vectors: NDArray[np.floating],
        trait_sum: Values,
        trait_count: Values,
    ) -> Values:
        """The first eight predictors, [p, 8]: sums and maxima over the `count` known effects of each pair's SNP."""
        p = len(traits)
        pair = np.repeat(np.arange(p), count)
        entry = expand_ranges(first, count)
        others, effects = self.known.traits[entry], self.known.effects[entry]
        same = others == traits[pair]
        if not own:
            trait_sum = trait_sum - np.bincount(pair[same], weights=effects[same], minlength=p)
            trait_count = trait_count - np.bincount(pair[same], minlength=p)
            pair, others, effects, same = (v[~same] for v in (pair, others, effects, same))
        entries = np.bincount(pair, minlength=p)
        mean = np.bincount(pair, weights=effects, minlength=p) / (entries + PRIOR)
        related = same | is_in_sorted(self.trait_neighbours, traits[pair] * len(self.reports) + others)
        has_related = np.bincount(pair[related], minlength=p) > 0
        cosine = np.einsum("ed,ed->e", self.vectors[others], trait_vectors[pair], dtype=np.float32).astype(np.float64)
        similarity = np.exp(cosine / NEAR)
        similarity_sum = np.bincount(pair, weights=similarity, minlength=p)
        weighted_sum = np.bincount(pair, weights=similarity * effects, minlength=p)
        weighted_mean = weighted_sum / np.where(entries > 0, similarity_sum, 1)
        return np.stack(
            [
                entries > 0,
                np.where(entries > 0, _largest(pair, effects, p), 0.0),
                mean,
                trait_sum / (trait_count + PRIOR),
                np.log1p(trait_count),
                np.where(has_related, _largest(pair[related], effects[related], p), mean),
                has_related,
                weighted_mean,
            ],
            axis=1,
        )


def fit_effects(corpus: Corpus, vectors: NDArray[np.floating]) -> EffectScore | None:
    """Fit the ridge to the known effects of a corpus; None if there are fewer than 50.

    `vectors` [n, d]: text propagation, of unit length or zeros. The effect of a pair is left out of its predictors.
    """
    known, means = KnownEffects.from_corpus(corpus)
    if len(known.snps) < MIN_EFFECTS:
        return None
    n = len(corpus.nodes)
    edges = corpus.edges
    is_source = np.array([t in SOURCES for t in edges.types], dtype=bool)
    rows = np.flatnonzero(is_source[edges.type])
    strongest = np.zeros(n)
    np.maximum.at(strongest, edges.starts[rows], np.nan_to_num(edges.neg_log10_p[rows]).astype(np.float64))
    a, b = corpus.edge_clusters(*NEIGHBOURS)
    unfitted = EffectScore(
        known=known,
        means=means,
        ridge=Ridge(*(np.zeros(0),) * 4),
        strongest=strongest,
        reports=np.bincount(edges.starts[rows], minlength=n).astype(np.float64),
        trait_neighbours=np.unique(np.concatenate([a * n + b, b * n + a])),
        vectors=vectors,
    )
    x = unfitted.predictors(known.snps, known.traits, own=False)
    return replace(unfitted, ridge=Ridge.fit(x, known.effects, known.sources))


def _largest(group: Ids, values: Values, groups: int) -> Values:
    """The largest value of each group 0 … groups − 1; −∞ for an empty group."""
    out = np.full(groups, -np.inf)
    np.maximum.at(out, group, values)
    return out
