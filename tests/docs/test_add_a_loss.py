"""The page "Add a loss", followed to the letter in a copy of the package."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.docs.conftest import ROOT, apply_page, copy_code

TRY = """
import torch
from torch.nn.functional import normalize
from generel_graph.learn.losses import LOSSES

torch.manual_seed(0)
loss = LOSSES["triplet"]
u, v, far = (normalize(torch.randn(n, 8), dim=1) for n in (6, 6, 3))
u.requires_grad_()
weights = torch.ones(6)
mask, far_mask = torch.zeros(6, 6, dtype=torch.bool), torch.zeros(6, 3, dtype=torch.bool)
mask[0, 1] = far_mask[2, 0] = True
value, chance = loss(u, v, weights, mask, 0.1, far, far_mask)
expected = 0.0
for i in range(6):
    negatives = [v[j] for j in range(6) if j != i and not mask[i, j]] + [far[j] for j in range(3) if not far_mask[i, j]]
    expected += sum(max(0.0, float(u[i] @ n - u[i] @ v[i] + 0.2)) for n in negatives) / len(negatives) / 6
assert abs(float(value) - expected) < 1e-6, (float(value), expected)
value.backward()
assert torch.isfinite(u.grad).all()
equal = normalize(torch.ones(6, 8), dim=1)
same, chance = loss(equal, equal, weights, mask, 0.1)
assert abs(float(same) - chance) < 1e-6
print("fine")
"""


@pytest.mark.parametrize("setting", ["triplet", "triplets"])
def test_the_new_loss_works_and_can_be_configured(tmp_path: Path, setting: str) -> None:
    copy_code(tmp_path)
    assert {block.file for block in apply_page(ROOT / "docs" / "how-to" / "add-a-loss.md", tmp_path)} == {
        "generel_graph/learn/losses.py",
        "etl/generel_etl/fields.py",
    }
    environment = {k: v for k, v in os.environ.items() if not k.startswith(("GENEREL_", "NEO4J_"))}
    environment |= {
        "PYTHONPATH": os.pathsep.join((str(tmp_path), str(tmp_path / "etl"))),
        "GENEREL_TRAIN_LOSS": setting,
    }
    configured = "from generel_graph.config import load_config; print(load_config().train.loss)"
    (tmp_path / "generel.toml").write_text("", encoding="utf-8")
    done = subprocess.run(
        [sys.executable, "-c", f"{TRY}\n{configured}"],
        cwd=tmp_path,
        env=environment,
        capture_output=True,
        text=True,
        timeout=200,
        check=False,
    )
    assert done.stdout.splitlines()[:1] == ["fine"], done.stderr
    assert (done.returncode == 0) == (setting == "triplet"), done.stderr
