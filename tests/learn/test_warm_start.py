"""Training that goes on from a model: what was learnt is kept, what is new is new."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from generel_etl.errors import ModelError
from generel_graph.config import ModelConfig, TrainConfig
from generel_graph.learn import load_model, train
from generel_graph.learn.model.towers import make_towers
from generel_graph.learn.pairs.training_data import training_data
from generel_graph.learn.training.warm_start import RATE, inherit
from generel_graph.model_folder import LOG, LogRow, read_rows

MODEL = ModelConfig(dimension=24, hidden=16, snp_embedding=True)
TRAIN = TrainConfig(
    steps=120,
    continue_steps=20,
    batch_size=32,
    held_out=0.1,
    adapter_steps=0,
    learning_rate=3e-3,
    number_format="float32",
)
WEIGHTS = {"gwas": 12.0, "gene_trait": 2.0}


def less(build, corpus, node):
    """The corpus as it was before `node` came: its edges and pairs are not there, and neither is it."""
    e = corpus.edges
    older = build.without(corpus, (e.starts == node) | (e.ends == node))
    keep = np.arange(len(corpus.nodes)) != node
    place = np.cumsum(keep) - 1
    some = np.flatnonzero(keep)
    n = corpus.nodes
    listed = ("ids", "kinds", "texts", "synonyms", "chromosomes", "builds")
    nodes = replace(
        n,
        **{f: tuple(getattr(n, f)[i] for i in some) for f in listed},
        clusters=place[n.clusters[some]].astype(np.int32),
        positions=n.positions[some],
    )  # fmt: skip
    edges = replace(older.edges, starts=place[older.edges.starts], ends=place[older.edges.ends])
    tasks = {}
    for name, pairs in corpus.tasks.items():
        there = (pairs.anchors != node) & (bool(pairs.texts) | (pairs.positives != node))
        tasks[name] = replace(
            pairs,
            anchors=place[pairs.anchors[there]].astype(np.int32),
            positives=(pairs.positives if pairs.texts else place[pairs.positives])[there].astype(np.int32),
            weights=pairs.weights[there],
            effects=pairs.effects[there],
        )
    return replace(older, digest="before", nodes=nodes, edges=edges, tasks=tasks)


@pytest.fixture(scope="module")
def older(planted_corpus, shared_words, build, tmp_path_factory):
    corpus, _ = planted_corpus
    node = corpus.nodes.kinds.index("SNP")
    before = less(build, corpus, node)
    folder = tmp_path_factory.mktemp("older")
    train(before, shared_words, MODEL, TRAIN, WEIGHTS, folder)
    return node, load_model(folder)


def test_rows_go_with_their_ids_and_new_ones_are_new(planted_corpus, words, older):
    corpus, _ = planted_corpus
    node, start = older
    given = training_data(corpus, words, MODEL, TRAIN, WEIGHTS)
    towers = make_towers(tuple(given.shapes.values()), 0.1, 0)
    fresh = {key: value.clone() for key, value in towers.state_dict().items()}
    inherit(towers, start, given)
    new, old = towers.state_dict(), start.towers.state_dict()
    snps = [i for i, kind in enumerate(corpus.nodes.kinds) if kind == "SNP"]
    row = snps.index(node)
    others = [r for r in range(len(snps)) if r != row]
    assert torch.equal(new["snp.identity.weight"][row], fresh["snp.identity.weight"][row])
    assert torch.equal(new["snp.identity.weight"][others], old["snp.identity.weight"])
    for key in old:
        if key != "snp.identity.weight":
            assert torch.equal(new[key], old[key]), key


def test_an_input_that_came_begins_anew(planted_corpus, words, older, tmp_path):
    corpus, _ = planted_corpus
    narrow = replace(MODEL, without=("snp.gene_context",))
    train(corpus, words, narrow, TRAIN, WEIGHTS, tmp_path / "narrow")
    start = load_model(tmp_path / "narrow")
    given = training_data(corpus, words, MODEL, TRAIN, WEIGHTS)
    towers = make_towers(tuple(given.shapes.values()), 0.1, 0)
    fresh = towers.state_dict()["snp.first.weight"].clone()
    inherit(towers, start, given)
    new, old = towers.state_dict()["snp.first.weight"], start.towers.state_dict()["snp.first.weight"]
    names = [block.name for block in given.shapes["snp"].blocks]
    at = names.index("gene_context") * 24
    assert torch.equal(new[:, at : at + 24], fresh[:, at : at + 24])
    assert torch.equal(torch.cat([new[:, :at], new[:, at + 24 :]], dim=1), old)


def test_it_goes_on_where_the_model_was(planted_corpus, words, older, tmp_path):
    corpus, _ = planted_corpus
    _, start = older
    report = train(corpus, words, MODEL, TRAIN, WEIGHTS, tmp_path / "more", start=start)
    anew = train(corpus, words, MODEL, TRAIN, WEIGHTS, tmp_path / "anew")
    assert report.model_id != anew.model_id
    assert report.steps == TRAIN.continue_steps
    log = read_rows(tmp_path / "more" / LOG, LogRow)
    assert max(row.learning_rate for row in log) <= RATE * TRAIN.learning_rate

    def loss(rows):
        return np.mean([row.loss / row.chance for row in rows if row.task == "gwas"])

    assert loss(log[:20]) < loss(read_rows(tmp_path / "anew" / LOG, LogRow)[:20]) - 0.02
    vectors = load_model(tmp_path / "more").vectors(corpus, words)
    assert vectors.shape[0] == len(corpus.nodes)
    again = train(corpus, words, MODEL, TRAIN, WEIGHTS, tmp_path / "more", start=start)
    assert again.model_id == report.model_id


def test_another_recipe_or_lost_inputs_are_told(planted_corpus, words, older, tmp_path, build):
    corpus, _ = planted_corpus
    _, start = older
    with pytest.raises(ModelError, match="another recipe"):
        train(corpus, words, MODEL, replace(TRAIN, temperature=0.2), WEIGHTS, tmp_path / "a", start=start)
    targets = corpus.edges.types.index("TARGETS")
    fewer = build.without(corpus, corpus.edges.type == targets)
    fewer = replace(fewer, digest="fewer", tasks={k: v for k, v in fewer.tasks.items() if k != "kg"})
    with pytest.raises(ModelError, match="inputs that the data no longer have") as error:
        train(fewer, words, MODEL, TRAIN, WEIGHTS, tmp_path / "b", start=start)
    assert "drug" in str(error.value)
