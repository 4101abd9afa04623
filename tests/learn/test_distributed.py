"""Several processes train one model: its losses and weights equal those of one process with the complete batch."""

import json
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
import torch

from generel_graph.config import ModelConfig, TrainConfig
from generel_graph.learn import load_model, train
from generel_graph.model_folder import LOG, LogRow, read_rows

# Without dropout, because each process draws its own.
MODEL = ModelConfig(dimension=24, hidden=16, dropout=0.0, block_dropout=0.0, text_only=0.0)
TRAIN = TrainConfig(
    steps=50, batch_size=31, held_out=0.05, validate_steps=25, adapter_steps=20, checkpoint_steps=20, threads=1,
    number_format="float32",
)  # fmt: skip
TRAINS = {
    "defaults": TRAIN,
    "hard negatives": replace(TRAIN, hard_negatives=1, hard_pool=40),
}
WEIGHTS = {"gwas": 12.0, "gene_trait": 2.0}
SCRIPT = """
import sys
from pathlib import Path
sys.path.insert(0, sys.argv[2])
from conftest import WordEncoder, planted, with_negated_edges
from generel_graph.learn import join_process_group, train
from test_distributed import MODEL, TRAINS, WEIGHTS
corpus = with_negated_edges(planted()[0])
with join_process_group() as processes:
    report = train(corpus, WordEncoder(), MODEL, TRAINS[sys.argv[3]], WEIGHTS, Path(sys.argv[1]), processes=processes)
    sys.stdout.write(f"{processes.rank} {processes.size} {report.model_id}\\n")
"""


def run(processes: int, name: str, folder: Path, script: Path) -> list[str]:
    script.write_text(SCRIPT)
    tests = Path(__file__).parent
    paths = os.pathsep.join([str(tests.parents[1]), str(tests.parents[1] / "etl"), os.environ.get("PYTHONPATH", "")])
    command = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node", str(processes)]
    done = subprocess.run(
        [*command, str(script), str(folder), str(tests), name],
        check=False,
        capture_output=True,
        text=True,
        timeout=240,
        env=os.environ | {"PYTHONPATH": paths, "OMP_NUM_THREADS": "1"},
    )
    assert done.returncode == 0, done.stderr[-3000:]
    return sorted(done.stdout.split("\n"))


@pytest.mark.parametrize(("processes", "name"), [(2, "hard negatives"), (3, "defaults")])
def test_losses_and_weights_equal_those_of_one_process(negated_corpus, words, tmp_path, processes, name):
    alone = train(negated_corpus, words, MODEL, TRAINS[name], WEIGHTS, tmp_path / "alone")
    lines = run(processes, name, tmp_path / "together", tmp_path / "script.py")
    assert [line for line in lines if line] == [f"{r} {processes} {alone.model_id}" for r in range(processes)]
    one, many = (read_rows(tmp_path / name / LOG, LogRow) for name in ("alone", "together"))
    assert len(one) == len(many) == TRAIN.steps
    for a, b in zip(one, many, strict=True):
        assert (a.task, a.pairs, a.chance) == (b.task, b.pairs, b.chance)
        # The order of the sums differs, and its effect grows over 50 steps.
        assert b.loss == pytest.approx(a.loss, rel=0.02, abs=0.02)
    assert many[0].loss == pytest.approx(one[0].loss, rel=1e-3)
    assert many[0].gradient_norm == pytest.approx(one[0].gradient_norm, rel=1e-2)
    before, after = (load_model(tmp_path / name).towers.state_dict() for name in ("alone", "together"))
    differences = torch.cat([(after[key] - before[key]).abs().flatten() for key in before])
    assert differences.mean() < 2e-3
    assert json.loads((tmp_path / "together" / "config.json").read_text())["id"] == alone.model_id
