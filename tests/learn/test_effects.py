"""The effect score on planted effects: an SNP's own size and a trait's, found without the pair's own."""

from dataclasses import replace

import numpy as np
import pytest
from scipy.stats import spearmanr

from generel_graph.learn.effects import NUMBERS, fit_effects

SNPS, TRAITS = 60, 12


@pytest.fixture(scope="module")
def planted_effects(build):
    """ln odds ratio of SNP i and trait j is size_i · size_j; a cohort reports half of each."""
    random = np.random.default_rng(0)
    snp, trait = np.exp(random.normal(-1.5, 0.6, SNPS)), np.exp(random.normal(0, 0.4, TRAITS))
    rows = [(f"rs{i:03d}", "SNP", "1", 1_000 * (i + 1)) for i in range(SNPS)]
    rows += [(f"MONDO:{j:02d}", "Disease", f"d{j}") for j in range(TRAITS)]
    edges, held = [], []
    for i in range(SNPS):
        for j in random.permutation(TRAITS)[:6]:
            size = snp[i] * trait[j]
            if random.random() < 0.2:
                held.append((f"rs{i:03d}", f"MONDO:{j:02d}", size))
            else:
                type_, told = ("CORRELATES_WITH", size / 2) if random.random() < 0.3 else ("ASSOCIATED_WITH", size)
                edges.append((f"rs{i:03d}", type_, f"MONDO:{j:02d}", 0.5, 9.0, told))
    corpus = build.corpus(rows, edges)
    ids = corpus.nodes.ids
    return corpus, [(ids.index(a), ids.index(b), size) for a, b, size in held]


def fitted(corpus):
    vectors = np.zeros((len(corpus.nodes), 4), dtype=np.float32)
    vectors[:, 0] = 1
    return fit_effects(corpus, vectors)


def test_held_out_effects_are_ranked_and_sized(planted_effects):
    corpus, held = planted_effects
    snps, traits, sizes = (np.array(column) for column in zip(*held, strict=True))
    score = fitted(corpus)
    told = score.score(snps, traits)
    assert spearmanr(told, sizes).statistic > 0.75
    assert spearmanr(told, sizes).statistic > spearmanr(score.largest(snps, traits), sizes).statistic
    assert np.median(told / sizes) == pytest.approx(1, abs=0.3)


def test_a_source_asked_for_answers_on_its_own_scale(planted_effects):
    corpus, held = planted_effects
    snps, traits = np.array([h[0] for h in held]), np.array([h[1] for h in held])
    score = fitted(corpus)
    ratio = score.score(snps, traits, "CORRELATES_WITH") / score.score(snps, traits)
    assert np.ptp(ratio) < 1e-9
    assert 0.3 < ratio[0] < 0.8


def test_a_pairs_own_effect_is_in_no_number_of_it_when_it_is_fitted(planted_effects):
    corpus, _ = planted_effects
    score = fitted(corpus)
    k = score.known
    changed = replace(k, effects=np.where(np.arange(len(k.effects)) == 7, 5.0, k.effects))
    of, trait = k.snps[7:8], k.traits[7:8]
    plain = score._numbers(of, trait, own=False)
    assert np.allclose(plain, replace(score, known=changed)._numbers(of, trait, own=False))
    assert not np.allclose(score._numbers(of, trait, own=True), plain)
    assert plain.shape == (1, len(NUMBERS))


def test_what_knows_little_of_effects_has_no_score(build):
    corpus = build.corpus(
        [("rs1", "SNP", "1", 5), ("MONDO:1", "Disease", "d")], [("rs1", "ASSOCIATED_WITH", "MONDO:1", 0.5, 9.0, 0.2)]
    )
    assert fitted(corpus) is None
