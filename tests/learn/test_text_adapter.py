"""The text adapter maps texts to the vectors of their concepts."""

import numpy as np
import pytest
import torch

from generel_graph.learn.model.text_adapter import Adapter, LabelledTexts, fit_adapter, recall


def unit(n, d, seed):
    v = np.random.default_rng(seed).normal(size=(n, d)).astype(np.float32)
    return v / np.linalg.norm(v, axis=1, keepdims=True)


@pytest.fixture(scope="module")
def rotated():
    """Concepts whose vectors are those of their names, rotated; synonyms are names with noise."""
    names = unit(200, 16, 0)
    rotation, _ = np.linalg.qr(np.random.default_rng(1).normal(size=(16, 16)))
    targets = (names @ rotation).astype(np.float32)
    noisy = names + 0.05 * unit(200, 16, 2)
    synonyms = (noisy / np.linalg.norm(noisy, axis=1, keepdims=True)).astype(np.float32)
    return names, targets, synonyms


def test_initial_adapter_is_the_identity_with_unit_length():
    x = torch.from_numpy(unit(5, 16, 0))
    with torch.inference_mode():
        assert torch.allclose(Adapter(16, 16).eval()(x), x, atol=1e-6)
        assert Adapter(16, 12).eval()(x).norm(dim=1).tolist() == pytest.approx([1.0] * 5)


def test_trained_adapter_finds_the_concepts_of_held_out_synonyms(rotated):
    names, targets, synonyms = rotated
    known, held_out = np.arange(150), np.arange(150, 200)
    adapter = fit_adapter(
        targets,
        np.arange(200),
        LabelledTexts(names, np.arange(200)),
        LabelledTexts(synonyms[known], known),
        steps=150,
        seed=0,
    )
    with torch.inference_mode():
        mapped = adapter(torch.from_numpy(synonyms[held_out])).numpy()
    scores = {"adapter": mapped @ targets.T, "text": synonyms[held_out] @ targets.T}
    recalls = recall(held_out, np.arange(200), scores)
    assert recalls["adapter"][0] > 0.9 > 0.2 > recalls["text"][0]
    assert recalls["adapter"][1] >= recalls["adapter"][0]


def test_same_seed_gives_the_same_adapter(rotated):
    names, targets, _ = rotated
    no_synonyms = LabelledTexts(names[:0], np.arange(0))
    one, two = (
        fit_adapter(targets, np.arange(200), LabelledTexts(names, np.arange(200)), no_synonyms, steps=5, seed=3)
        for _ in range(2)
    )
    assert all(torch.equal(a, b) for a, b in zip(one.state_dict().values(), two.state_dict().values(), strict=True))


def test_recall_counts_clusters():
    scores = np.array([[0.9, 0.8, 0.7], [0.1, 0.2, 0.3]])
    (at_1, at_10) = recall(np.array([1, 0]), np.array([0, 0, 2]), {"method": scores})["method"]
    assert (at_1, at_10) == (0.5, 1.0)  # the first hit is another member of the correct cluster
