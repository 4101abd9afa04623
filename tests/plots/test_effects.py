"""Cosine against odds ratio: a correlation that is there is told, and one that is not is not."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd

from generel_graph.plots.effects import agreements, draw_effects


def table(n: int, follows: bool, **columns: object) -> pd.DataFrame:
    random = np.random.default_rng(n)
    cosine = random.uniform(-1, 1, n)
    size = np.abs(cosine + 1 + 0.1 * random.normal(size=n)) if follows else random.uniform(0, 2, n)
    made = pd.DataFrame({"snp": [f"rs{i // 2}" for i in range(n)], "trait": "t", "log_odds": size, "cosine": cosine})
    return made.assign(**columns)


def test_each_kind_of_edge_and_fate_has_its_own_figure(tmp_path: Path) -> None:
    pairs = pd.concat(
        [
            table(300, True, type="ASSOCIATED_WITH", held_out=False),
            table(200, False, type="ASSOCIATED_WITH", held_out=True),
            table(5, True, type="CORRELATES_WITH", held_out=False),
        ]
    )
    follows, not_so, few = agreements(pairs)
    assert (follows.type, follows.held_out, follows.pairs) == ("ASSOCIATED_WITH", False, 300)
    assert follows.ci_low > 0.8 and follows.ci_low < follows.spearman < follows.ci_high
    assert not_so.held_out is True and not_so.ci_low < 0 < not_so.ci_high
    assert few.pairs == 5 and np.isnan(few.spearman)
    path = draw_effects(pairs, [follows, not_so, few], tmp_path / "effects.svg")
    assert path.stat().st_size > 1_000


def test_where_nobody_tells_what_was_held_out_there_is_one_figure(tmp_path: Path) -> None:
    pairs = table(100, True, type="ASSOCIATED_WITH", held_out=None)
    (only,) = agreements(pairs)
    assert only.held_out is None and only.pairs == 100
    assert draw_effects(pairs, [only], tmp_path / "effects.png").read_bytes().startswith(b"\x89PNG")
