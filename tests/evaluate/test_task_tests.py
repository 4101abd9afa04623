"""Tests of training tasks: the model does not see a held-out pair, and no negative is a known pair."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import cast

import numpy as np
import polars as pl
import pytest
from numpy.typing import NDArray

from generel_graph.config import Config, ModelConfig, TrainConfig
from generel_graph.corpus.schema import Corpus, Pairs, Reports
from generel_graph.encode import Encoder
from generel_graph.evaluate.task_tests import (
    METHODS,
    MIN_PAIRS,
    NEGATIVES,
    group_test,
    task_benchmarks,
    without_held_out,
)
from generel_graph.learn.features.pair_hash import id_keys
from generel_graph.learn.features.splits import Split
from generel_graph.learn.pairs.training_data import training_data
from generel_graph.model_folder import HELD_OUT

Literature = Callable[[int], tuple[Corpus, Reports]]
SHARE = 0.3


@dataclass
class NumberEncoder:
    """Embeds a text by its hash: no text is similar to another."""

    dimension: int = 16
    digest: str = "numbers"
    name: str = "numbers"

    def encode(self, texts: Sequence[str], progress: object = None) -> NDArray[np.float32]:
        rows = [np.random.default_rng(list(text.encode())).normal(size=self.dimension) * bool(text) for text in texts]
        vectors = np.array(rows, dtype=np.float32).reshape(-1, self.dimension)
        return vectors / np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-9)


ENCODER = cast(Encoder, NumberEncoder())


@pytest.fixture
def corpus(literature: Literature) -> Corpus:
    """The made-up literature with a name for each trait and gene, and five synonyms for each trait."""
    corpus, _ = literature(0)
    snps = corpus.nodes.kinds.count("SNP")
    traits = [i for i, kind in enumerate(corpus.nodes.kinds) if kind == "Disease"]
    names = tuple("" if i < snps else f"concept {i}" for i in range(len(corpus.nodes)))
    synonyms = tuple(f"synonym {trait} {i}" for trait in traits for i in range(5))
    anchors = np.repeat(np.array(traits, dtype=np.int32), 5)
    texts = Pairs(
        anchors,
        np.arange(len(anchors), dtype=np.int32),
        np.ones(len(anchors), dtype=np.float32),
        np.full(len(anchors), np.nan, dtype=np.float32),
        synonyms,
    )
    return replace(corpus, nodes=replace(corpus.nodes, texts=names), tasks={**corpus.tasks, "synonym": texts})


@pytest.fixture
def config(tmp_path: Path) -> Config:
    """A small model that trains in a second."""
    model = ModelConfig(hidden=16, dimension=16)
    return Config(folder=tmp_path, model=model, train=TrainConfig(steps=20, batch_size=16, number_format="float32"))


def test_held_out_edges_and_pairs_are_removed(corpus: Corpus) -> None:
    split = Split.by_pair(id_keys(corpus.nodes.ids), SHARE)
    past = without_held_out(corpus, split)
    for a, b in ((past.edges.starts, past.edges.ends), (past.tasks["gwas"].anchors, past.tasks["gwas"].positives)):
        assert len(a) > 0
        assert not split.is_held_out(a, b).any()
    removed = len(corpus.edges.starts) - len(past.edges.starts)
    assert removed == split.is_held_out(corpus.edges.starts, corpus.edges.ends).sum() > 0
    assert past.tasks["synonym"] is corpus.tasks["synonym"]
    assert past.digest != corpus.digest


def test_negatives_replace_the_right_node_and_are_in_no_edge_or_task(corpus: Corpus, config: Config) -> None:
    train = replace(config.train, held_out=SHARE)
    data = training_data(corpus, ENCODER, config.model, train, {})
    (group,) = [group for group in data.groups if group.task == "gwas"]
    test = group_test(group, 7, data.known, np.random.default_rng(0))
    true = test.truth == 1
    assert true.sum() == len(group.held_out)
    assert (~true).sum() <= NEGATIVES * len(group.held_out)
    assert not data.known.contains(test.left[~true], test.right[~true]).any()
    assert set(test.left[~true].tolist()) <= set(test.left[true].tolist())
    assert set(test.right[~true].tolist()) <= set(group.positive_clusters.tolist())
    assert np.array_equal(test.papers, test.left)
    assert (test.period == 7).all()
    assert test.measures == ("auc",)


def test_each_task_has_one_auc_per_method_from_a_model_of_its_own(corpus: Corpus, config: Config) -> None:
    stages: list[str] = []
    benchmarks = task_benchmarks(config, corpus, ENCODER, SHARE, draws=20)
    (folder,) = (config.state / "evaluated").iterdir()
    held_out = dict(pl.read_parquet(folder / HELD_OUT).group_by("task").len().iter_rows())
    assert {b.name: b.n for b in benchmarks} == {task: n for task, n in held_out.items() if n >= MIN_PAIRS}
    assert {b.name for b in benchmarks} == {"gene_trait", "synonym"}
    assert held_out["gwas"] < MIN_PAIRS
    for benchmark in benchmarks:
        assert benchmark.measure == "auc"
        assert [r.method for r in benchmark.results] == list(METHODS)
        assert all(0 <= r.ci_low <= r.value <= r.ci_high <= 1 for r in benchmark.results)
    assert not (config.state / "models").exists()
    again = task_benchmarks(config, corpus, ENCODER, SHARE, 20, lambda stage, *_: stages.append(stage))
    assert again == benchmarks
    assert not [stage for stage in stages if stage.endswith("train")], "the trained model is reused"
