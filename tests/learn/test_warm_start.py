"""Continued training: the weights of the start model are reused, new nodes and inputs get initial weights."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from generel_etl.errors import ModelError
from generel_graph.config import ModelConfig, TrainConfig
from generel_graph.learn import load_model, train
from generel_graph.learn.model.towers import make_towers
from generel_graph.learn.pairs.training_data import training_data
from generel_graph.learn.training.warm_start import RATE, copy_weights
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


def without_node(build, corpus, node):
    """The corpus without a node, its edges and its pairs."""
    e = corpus.edges
    older = build.without(corpus, (e.starts == node) | (e.ends == node))
    keep = np.arange(len(corpus.nodes)) != node
    new_index = np.cumsum(keep) - 1
    remaining = np.flatnonzero(keep)
    n = corpus.nodes
    text_columns = ("ids", "kinds", "texts", "synonyms", "chromosomes", "builds")
    nodes = replace(
        n,
        **{f: tuple(getattr(n, f)[i] for i in remaining) for f in text_columns},
        clusters=new_index[n.clusters[remaining]].astype(np.int32),
        positions=n.positions[remaining],
    )  # fmt: skip
    edges = replace(older.edges, starts=new_index[older.edges.starts], ends=new_index[older.edges.ends])
    tasks = {}
    for name, pairs in corpus.tasks.items():
        used = (pairs.anchors != node) & (bool(pairs.texts) | (pairs.positives != node))
        tasks[name] = replace(
            pairs,
            anchors=new_index[pairs.anchors[used]].astype(np.int32),
            positives=(pairs.positives if pairs.texts else new_index[pairs.positives])[used].astype(np.int32),
            weights=pairs.weights[used],
            effects=pairs.effects[used],
        )
    return replace(older, digest="before", nodes=nodes, edges=edges, tasks=tasks)


@pytest.fixture(scope="module")
def older(planted_corpus, shared_words, build, tmp_path_factory):
    corpus, _ = planted_corpus
    node = corpus.nodes.kinds.index("SNP")
    before = without_node(build, corpus, node)
    folder = tmp_path_factory.mktemp("older")
    train(before, shared_words, MODEL, TRAIN, WEIGHTS, folder)
    return node, load_model(folder)


def test_rows_are_matched_by_id_and_new_nodes_get_initial_rows(planted_corpus, words, older):
    corpus, _ = planted_corpus
    node, start = older
    data = training_data(corpus, words, MODEL, TRAIN, WEIGHTS)
    towers = make_towers(tuple(data.shapes.values()), 0.1, 0)
    fresh = {key: value.clone() for key, value in towers.state_dict().items()}
    copy_weights(towers, start, data)
    new, old = towers.state_dict(), start.towers.state_dict()
    snps = [i for i, kind in enumerate(corpus.nodes.kinds) if kind == "SNP"]
    row = snps.index(node)
    others = [r for r in range(len(snps)) if r != row]
    assert torch.equal(new["snp.identity.weight"][row], fresh["snp.identity.weight"][row])
    assert torch.equal(new["snp.identity.weight"][others], old["snp.identity.weight"])
    for key in old:
        if key != "snp.identity.weight":
            assert torch.equal(new[key], old[key]), key


def test_new_input_gets_initial_weights(planted_corpus, words, older, tmp_path):
    corpus, _ = planted_corpus
    narrow = replace(MODEL, without=("snp.gene_context",))
    train(corpus, words, narrow, TRAIN, WEIGHTS, tmp_path / "narrow")
    start = load_model(tmp_path / "narrow")
    data = training_data(corpus, words, MODEL, TRAIN, WEIGHTS)
    towers = make_towers(tuple(data.shapes.values()), 0.1, 0)
    fresh = towers.state_dict()["snp.first.weight"].clone()
    copy_weights(towers, start, data)
    new, old = towers.state_dict()["snp.first.weight"], start.towers.state_dict()["snp.first.weight"]
    names = [block.name for block in data.shapes["snp"].blocks]
    first = names.index("gene_context") * 24
    assert torch.equal(new[:, first : first + 24], fresh[:, first : first + 24])
    assert torch.equal(torch.cat([new[:, :first], new[:, first + 24 :]], dim=1), old)


def test_continued_training_starts_at_the_losses_of_the_model(planted_corpus, words, older, tmp_path):
    corpus, _ = planted_corpus
    _, start = older
    report = train(corpus, words, MODEL, TRAIN, WEIGHTS, tmp_path / "continued", start=start)
    new = train(corpus, words, MODEL, TRAIN, WEIGHTS, tmp_path / "new")
    assert report.model_id != new.model_id
    assert report.steps == TRAIN.continue_steps
    log = read_rows(tmp_path / "continued" / LOG, LogRow)
    assert max(row.learning_rate for row in log) <= RATE * TRAIN.learning_rate

    def loss(rows):
        return np.mean([row.loss / row.chance for row in rows if row.task == "gwas"])

    assert loss(log[:20]) < loss(read_rows(tmp_path / "new" / LOG, LogRow)[:20]) - 0.02
    vectors = load_model(tmp_path / "continued").vectors(corpus, words)
    assert vectors.shape[0] == len(corpus.nodes)
    again = train(corpus, words, MODEL, TRAIN, WEIGHTS, tmp_path / "continued", start=start)
    assert again.model_id == report.model_id


def test_start_model_of_another_recipe_or_with_missing_inputs_is_rejected(
    planted_corpus, words, older, tmp_path, build
):
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
