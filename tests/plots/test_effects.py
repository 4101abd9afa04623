"""Cosine against odds ratio: the correlation, its interval, and the picture."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd

from generel_graph.plots.effects import agreements, draw_effects


def effect_table(n: int, correlated: bool, **columns: object) -> pd.DataFrame:
    random = np.random.default_rng(n)
    cosine = random.uniform(-1, 1, n)
    size = np.abs(cosine + 1 + 0.1 * random.normal(size=n)) if correlated else random.uniform(0, 2, n)
    frame = pd.DataFrame({"snp": [f"rs{i // 2}" for i in range(n)], "trait": "t", "log_odds": size, "cosine": cosine})
    return frame.assign(**columns)


def test_each_edge_type_and_held_out_state_has_its_own_correlation(tmp_path: Path) -> None:
    pairs = pd.concat(
        [
            effect_table(300, True, type="ASSOCIATED_WITH", held_out=False),
            effect_table(200, False, type="ASSOCIATED_WITH", held_out=True),
            effect_table(5, True, type="CORRELATES_WITH", held_out=False),
        ]
    )
    correlated, uncorrelated, few = agreements(pairs)
    assert (correlated.type, correlated.held_out, correlated.pairs) == ("ASSOCIATED_WITH", False, 300)
    assert 0.8 < correlated.ci_low < correlated.spearman < correlated.ci_high
    assert uncorrelated.held_out is True
    assert uncorrelated.ci_low < 0 < uncorrelated.ci_high
    assert few.pairs == 5
    assert np.isnan(few.spearman)
    path = draw_effects(pairs, [correlated, uncorrelated, few], tmp_path / "effects.svg")
    assert path.stat().st_size > 1_000


def test_unknown_held_out_state_gives_one_correlation_per_edge_type(tmp_path: Path) -> None:
    pairs = effect_table(100, True, type="ASSOCIATED_WITH", held_out=None)
    (only,) = agreements(pairs)
    assert only.held_out is None
    assert only.pairs == 100
    assert draw_effects(pairs, [only], tmp_path / "effects.png").read_bytes().startswith(b"\x89PNG")
