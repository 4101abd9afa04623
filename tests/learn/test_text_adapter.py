"""The adapter places texts at their concepts' vectors, from where the identity alone would not."""

import numpy as np
import pytest
import torch

from generel_graph.learn.model.text_adapter import Adapter, LabelledTexts, fit_adapter, recall


def unit(n, d, seed):
    v = np.random.default_rng(seed).normal(size=(n, d)).astype(np.float32)
    return v / np.linalg.norm(v, axis=1, keepdims=True)


@pytest.fixture(scope="module")
def turned():
    """Concepts whose vectors are their names' turned round by one rotation; synonyms are names with noise."""
    names = unit(200, 16, 0)
    rotation, _ = np.linalg.qr(np.random.default_rng(1).normal(size=(16, 16)))
    targets = (names @ rotation).astype(np.float32)
    noisy = names + 0.05 * unit(200, 16, 2)
    synonyms = (noisy / np.linalg.norm(noisy, axis=1, keepdims=True)).astype(np.float32)
    return names, targets, synonyms


def test_starts_at_the_identity_and_gives_unit_vectors():
    x = torch.from_numpy(unit(5, 16, 0))
    with torch.inference_mode():
        assert torch.allclose(Adapter(16, 16).eval()(x), x, atol=1e-6)
        assert Adapter(16, 12).eval()(x).norm(dim=1).tolist() == pytest.approx([1.0] * 5)


def test_learns_where_held_out_wordings_lie(turned):
    names, targets, synonyms = turned
    known, asked = np.arange(150), np.arange(150, 200)
    adapter = fit_adapter(
        targets,
        np.arange(200),
        LabelledTexts(names, np.arange(200)),
        LabelledTexts(synonyms[known], known),
        steps=150,
        seed=0,
    )
    with torch.inference_mode():
        placed = adapter(torch.from_numpy(synonyms[asked])).numpy()
    told = recall(
        LabelledTexts(synonyms[asked], asked),
        targets,
        np.arange(200),
        {"adapter": placed @ targets.T, "text": synonyms[asked] @ targets.T},
    )
    assert told["adapter"][0] > 0.9 > 0.2 > told["text"][0]
    assert told["adapter"][1] >= told["adapter"][0]


def test_the_same_seed_gives_the_same_adapter(turned):
    names, targets, _ = turned
    none = LabelledTexts(names[:0], np.arange(0))
    one, two = (
        fit_adapter(targets, np.arange(200), LabelledTexts(names, np.arange(200)), none, steps=5, seed=3)
        for _ in range(2)
    )
    assert all(torch.equal(a, b) for a, b in zip(one.state_dict().values(), two.state_dict().values(), strict=True))


def test_recall_counts_clusters_and_not_their_members():
    scores = np.array([[0.9, 0.8, 0.7], [0.1, 0.2, 0.3]])
    asked = LabelledTexts(np.zeros((2, 1), dtype=np.float32), np.array([1, 0]))
    (one, ten) = recall(asked, np.zeros((3, 1)), np.array([0, 0, 2]), {"w": scores})["w"]
    assert (one, ten) == (0.5, 1.0)  # the first is found through its cluster's other member
