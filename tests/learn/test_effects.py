"""The effect score on planted effects: it recovers the sizes of SNPs and traits without the effect of the pair."""

from dataclasses import replace

import numpy as np
import pytest
from scipy.stats import spearmanr

from generel_etl.errors import ModelError
from generel_graph.config import Config, ModelConfig, TrainConfig
from generel_graph.learn import load_model, train
from generel_graph.learn.effects import score as effects
from generel_graph.learn.effects.calibration import calibrate
from generel_graph.learn.effects.score import PREDICTORS, fit_effects
from generel_graph.learn.effects.table import read_effects, write_effects
from generel_graph.spaces.trained import TrainedSpace

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
                type_, effect = ("CORRELATES_WITH", size / 2) if random.random() < 0.3 else ("ASSOCIATED_WITH", size)
                edges.append((f"rs{i:03d}", type_, f"MONDO:{j:02d}", 0.5, 9.0, effect))
    corpus = build.corpus(rows, edges)
    ids = corpus.nodes.ids
    return corpus, [(ids.index(a), ids.index(b), size) for a, b, size in held]


def fitted(corpus):
    vectors = np.zeros((len(corpus.nodes), 4), dtype=np.float32)
    vectors[:, 0] = 1
    return fit_effects(corpus, vectors)


def test_held_out_effects_are_predicted(planted_effects):
    corpus, held = planted_effects
    snps, traits, sizes = (np.array(column) for column in zip(*held, strict=True))
    score = fitted(corpus)
    predicted = score.score(snps, traits)
    assert spearmanr(predicted, sizes).statistic > 0.75
    assert spearmanr(predicted, sizes).statistic > spearmanr(score.largest(snps, traits), sizes).statistic
    assert np.median(predicted / sizes) == pytest.approx(1, abs=0.3)


def test_predictions_have_the_scale_of_the_source(planted_effects):
    corpus, held = planted_effects
    snps, traits = np.array([h[0] for h in held]), np.array([h[1] for h in held])
    score = fitted(corpus)
    ratio = score.score(snps, traits, "CORRELATES_WITH") / score.score(snps, traits)
    assert np.ptp(ratio) < 1e-9
    assert 0.3 < ratio[0] < 0.8


def test_effect_of_a_pair_is_not_in_its_predictors_when_fitted(planted_effects):
    corpus, _ = planted_effects
    score = fitted(corpus)
    k = score.known
    changed = replace(k, effects=np.where(np.arange(len(k.effects)) == 7, 5.0, k.effects))
    snp, trait = k.snps[7:8], k.traits[7:8]
    without_own = score.predictors(snp, trait, own=False)
    assert np.allclose(without_own, replace(score, known=changed).predictors(snp, trait, own=False))
    assert not np.allclose(score.predictors(snp, trait, own=True), without_own)
    assert without_own.shape == (1, len(PREDICTORS))


def test_corpus_with_few_effects_has_no_score(build):
    corpus = build.corpus(
        [("rs1", "SNP", "1", 5), ("MONDO:1", "Disease", "d")], [("rs1", "ASSOCIATED_WITH", "MONDO:1", 0.5, 9.0, 0.2)]
    )
    assert fitted(corpus) is None


def plain_predictors(score, snp, trait, own):
    """The ten predictors of one pair, in plain loops."""
    k, n = score.known, len(score.reports)
    related = {key % n for key in score.trait_neighbours.tolist() if key // n == trait} | {trait}
    rows = [r for r in range(len(k.snps)) if own or (k.snps[r], k.traits[r]) != (snp, trait)]
    snp_effects = [(k.traits[r], k.effects[r]) for r in rows if k.snps[r] == snp]
    trait_effects = [k.effects[r] for r in rows if k.traits[r] == trait]
    mean = sum(e for _, e in snp_effects) / (len(snp_effects) + 3)
    similarity = [np.exp(10 * float(score.vectors[t] @ score.vectors[trait])) for t, _ in snp_effects]
    related_effects = [e for t, e in snp_effects if t in related]
    weighted = sum(w * e for w, (_, e) in zip(similarity, snp_effects, strict=True))
    return [
        bool(snp_effects),
        max((e for _, e in snp_effects), default=0),
        mean,
        sum(trait_effects) / (len(trait_effects) + 3),
        np.log1p(len(trait_effects)),
        max(related_effects, default=mean),
        bool(related_effects),
        weighted / sum(similarity) if snp_effects else 0,
        np.log1p(score.strongest[snp]),
        np.log1p(score.reports[snp]),
    ]


@pytest.mark.parametrize("own", [True, False])
def test_predictors_equal_a_plain_loop(planted_effects, own, monkeypatch):
    corpus, _ = planted_effects
    monkeypatch.setattr(effects, "ENTRIES", 7)  # many small parts
    random = np.random.default_rng(1)
    vectors = random.normal(size=(len(corpus.nodes), 4)).astype(np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    n = len(corpus.nodes)
    traits = [i for i, kind in enumerate(corpus.nodes.kinds) if kind == "Disease"]
    score = replace(
        fit_effects(corpus, vectors), trait_neighbours=np.array([traits[0] * n + traits[1], traits[3] * n + traits[5]])
    )
    pairs = [(int(random.integers(n)), int(random.choice(traits))) for _ in range(200)]
    predictors = score.predictors(*(np.array(c) for c in zip(*pairs, strict=True)), own=own)
    assert predictors == pytest.approx(np.array([plain_predictors(score, *pair, own) for pair in pairs]), abs=1e-5)


def test_calibration_predicts_effects_without_knowing_them(planted_effects):
    corpus, _ = planted_effects
    score = fitted(corpus)
    calibrations = {c.source: c for c in calibrate(score)}
    assert set(calibrations) == {"ASSOCIATED_WITH", "CORRELATES_WITH"}
    for c in calibrations.values():
        assert list(c.predicted) == sorted(c.predicted)
        assert list(c.observed) == sorted(c.observed)
        assert 0.7 < c.slope < 1.3
        assert c.spearman > 0.6
    assert calibrations["CORRELATES_WITH"].observed[2] < calibrations["ASSOCIATED_WITH"].observed[2]
    assert sum(c.pairs for c in calibrations.values()) == len(score.known.snps)
    # Random effects cannot be predicted; a calibration that used the effects themselves would correlate.
    noise = np.random.default_rng(3).normal(size=len(score.known.effects))
    of_noise = calibrate(replace(score, known=replace(score.known, effects=noise)))
    assert abs(of_noise[0].spearman) < 0.3


def test_written_score_gives_the_same_predictions_by_id(planted_effects, tmp_path):
    corpus, held = planted_effects
    ids = corpus.nodes.ids
    random = np.random.default_rng(1)
    vectors = random.normal(size=(len(ids), 4)).astype(np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    score = fit_effects(corpus, vectors)
    assert read_effects(tmp_path) is None
    write_effects(tmp_path, score, ids)
    table = read_effects(tmp_path)
    snps, traits = np.array([h[0] for h in held]), np.array([h[1] for h in held])
    pairs = [(ids[a], ids[b]) for a, b, _ in held]
    predicted, percentiles = table.expected(pairs, {ids[b]: vectors[b] for _, b, _ in held})
    assert predicted == pytest.approx(score.score(snps, traits), rel=0.01)
    known = np.exp(score.known.effects + score.means[0])
    assert percentiles == pytest.approx([100 * (known < e).mean() for e in predicted], abs=0.5)
    assert percentiles.min() >= 0
    assert percentiles.max() <= 100
    # A new SNP with a known trait, and with a new trait.
    trait_vectors = dict.fromkeys(["new", *(ids[b] for b in set(traits.tolist()))], vectors[traits[0]])
    trait = pairs[0][1]
    (of_trait, of_none), _ = table.expected([("rs_new", trait), ("rs_new", "new")], trait_vectors)
    assert of_trait != pytest.approx(of_none, rel=1e-3)
    assert 0 < of_none < known.max()
    (tmp_path / "effects.safetensors").write_bytes(b"x" * 100)
    with pytest.raises(ModelError, match="effect score of the model cannot be read"):
        read_effects(tmp_path)


def test_space_of_a_model_predicts_effects_from_stored_vectors(planted_corpus, words, tmp_path):
    corpus, _ = planted_corpus  # the effects of theme t are .1 + .8 · t / 6
    config = Config(folder=tmp_path)
    settings = TrainConfig(steps=20, batch_size=32, adapter_steps=0, validate_steps=0, number_format="float32")
    train(corpus, words, ModelConfig(dimension=24, hidden=8), settings, {"gwas": 1.0}, config.model_folder("m"))
    vectors = load_model(config.model_folder("m")).vectors(corpus, words)
    traits = {f"MONDO:{t}3": vectors[corpus.nodes.ids.index(f"MONDO:{t}3")] for t in range(6)}
    space = TrainedSpace(config, "m")
    predicted, percentiles = space.effects([(f"rs{t}00", f"MONDO:{t}3") for t in range(6)], traits)
    assert predicted == pytest.approx([0.1 + 0.8 * t / 6 for t in range(6)], rel=0.25)
    assert percentiles.tolist() == sorted(percentiles.tolist())
    assert percentiles[0] < 20 < 80 < percentiles[-1]
    assert space.effects([], {}) is None
    (config.model_folder("m") / "effects.safetensors").unlink()
    assert TrainedSpace(config, "m").effects([("rs000", "MONDO:03")], traits) is None


@pytest.mark.usefixtures("bfloat16")
def test_effect_score_does_not_depend_on_the_number_format_of_training(planted_corpus, words, tmp_path):
    corpus, _ = planted_corpus
    settings = TrainConfig(steps=2, batch_size=32, adapter_steps=0, validate_steps=0)
    for name in ("float32", "bfloat16"):
        pinned = replace(settings, number_format=name)
        train(corpus, words, ModelConfig(dimension=24, hidden=8), pinned, {"gwas": 1.0}, tmp_path / name)
    one, other = ((tmp_path / name / "effects.safetensors").read_bytes() for name in ("float32", "bfloat16"))
    assert one == other


def test_cohort_is_the_default_source_without_a_catalogue(planted_effects, build):
    corpus, _ = planted_effects
    e = corpus.edges
    cohort = replace(e, types=("CORRELATES_WITH",), type=np.zeros_like(e.type))
    score = fitted(replace(corpus, edges=cohort))
    assert score.default_source == "CORRELATES_WITH"
    predicted = score.score(score.known.snps, score.known.traits)
    assert np.median(predicted) == pytest.approx(np.exp(score.means[1]), rel=0.3)
