"""Test every training task: train a model without a share of all pairs, and rank these against negatives.

The model sees a held-out pair neither in a training step nor in the neighbourhoods of its nodes. No step is selected
by the held-out pairs: the model has the weights of the last one. Each pair has NEGATIVES negatives, which replace its
right node and which no edge or task contains. They are drawn in proportion to the number of the task's pairs that a
node has (degree-matched).
"""

from __future__ import annotations

from dataclasses import fields, replace

import numpy as np

from generel_etl.progress import Progress, silent
from generel_graph import learn
from generel_graph.config import Config
from generel_graph.corpus.schema import Corpus, EdgeArrays, Pairs
from generel_graph.corpus.tasks import enabled_tasks
from generel_graph.encode import Encoder
from generel_graph.evaluate.baselines import (
    DEGREE_PRODUCT,
    FROZEN_TEXT,
    SPACE,
    TEXT_PROPAGATION,
    Embedded,
    Ids,
    degrees,
    methods,
)
from generel_graph.evaluate.held_out import HeldOut, held_out_test
from generel_graph.evaluate.report import Benchmark, Scored, pool
from generel_graph.learn import Model
from generel_graph.learn.features.splits import Split
from generel_graph.learn.pairs.groups import KnownPairs, TaskGroup
from generel_graph.learn.pairs.training_data import training_data
from generel_graph.metrics import Values, cosines
from generel_graph.stored_vectors import split_vectors

METHODS = (SPACE, FROZEN_TEXT, TEXT_PROPAGATION, DEGREE_PRODUCT)
NEGATIVES = 20  # per pair
MIN_PAIRS = 30  # held-out pairs of a task
DRAWS = 200  # resamples of an interval


def task_benchmarks(
    config: Config, corpus: Corpus, encoder: Encoder, share: float, draws: int = DRAWS, progress: Progress = silent
) -> list[Benchmark]:
    """AUC of the space and the baselines on `share` of each task's pairs, for tasks with at least MIN_PAIRS of them.

    Intervals resample the left nodes. The model is trained in the state folder, or reused if it is trained already;
    neither the graph nor the active model changes.
    """
    train = replace(
        config.train,
        held_out=share,
        split="pair",
        held_chromosomes=(),
        validate_steps=0,
        patience=0,
        adapter_steps=0,
    )
    weights, seed = enabled_tasks(config.tasks), config.train.seed
    folder = config.state / "evaluated" / learn.model_id(corpus, encoder, config.model, train, weights)
    learn.train(corpus, encoder, config.model, train, weights, folder, _prefixed(progress))
    model = learn.load_model(folder)
    data = training_data(corpus, encoder, config.model, train, weights, progress)
    past = without_held_out(corpus, data.features.adjacency.split)
    nodes = np.arange(len(corpus.nodes))
    embedded = Embedded(nodes, model.vectors(past, encoder, progress), model.learnt_dimension, model.share)
    score = methods(past, embedded, encoder.encode(corpus.nodes.texts), seed)
    rng = np.random.default_rng([seed, 3])
    scored = []
    for number, group in enumerate(data.groups):
        if not len(group.held_out):
            continue
        test = group_test(group, number, data.known, rng)
        if group.is_text:
            scored.append(Scored(test, _text_scores(test, group, past, embedded, model, encoder)))
        else:
            scored.append(Scored(test, {name: score[name](test.left, test.right) for name in METHODS}))
    return [benchmark for benchmark in pool(scored, draws, seed) if benchmark.n >= MIN_PAIRS]


def _prefixed(progress: Progress) -> Progress:
    """Progress whose stages differ from those of the active model's training."""

    def report(stage: str, done: float, total: float | None, note: str = "") -> None:
        progress(f"held-out test: {stage}", done, total, note)

    return report


def without_held_out(corpus: Corpus, held_out: Split) -> Corpus:
    """The corpus without the edges and the pairs of nodes that are held out; texts remain."""
    clusters, edges = corpus.nodes.clusters.astype(np.int64), corpus.edges
    remain = ~held_out.is_held_out(clusters[edges.starts], clusters[edges.ends])
    columns = {f.name: getattr(edges, f.name)[remain] for f in fields(edges) if f.name != "types"}
    tasks = {
        name: pairs if pairs.texts else _without_held_out_pairs(pairs, clusters, held_out)
        for name, pairs in corpus.tasks.items()
    }
    return replace(
        corpus, digest=f"{corpus.digest} without held-out", edges=EdgeArrays(edges.types, **columns), tasks=tasks
    )


def _without_held_out_pairs(pairs: Pairs, clusters: Ids, held_out: Split) -> Pairs:
    remain = ~held_out.is_held_out(clusters[pairs.anchors], clusters[pairs.positives])
    return Pairs(**{f.name: getattr(pairs, f.name)[remain] for f in fields(pairs) if f.name != "texts"})


def group_test(group: TaskGroup, number: int, known: KnownPairs, rng: np.random.Generator) -> HeldOut:
    """The held-out pairs of one group with their negatives; `right` has texts where the positives are texts.

    `number` is the stratum: pairs of different kinds are not compared with each other.
    """
    rows = np.repeat(np.arange(len(group.held_out)), NEGATIVES)
    candidates = rng.choice(len(group.positives), size=len(rows))
    anchors = group.anchor_clusters[group.held_out]
    negative = ~known.contains(anchors[rows], group.positive_clusters[candidates])
    rows, candidates = rows[negative], candidates[negative]
    left = group.anchors[group.held_out].astype(np.int64) if group.is_text else anchors
    right = group.positives.astype(np.int64) if group.is_text else group.positive_clusters
    return held_out_test(
        group.task,
        "degree-matched",
        left,
        right[group.held_out],
        left,
        (rows, left[rows], right[candidates]),
        number,
        measures=("auc",),
    )


def _text_scores(
    test: HeldOut, group: TaskGroup, past: Corpus, embedded: Embedded, model: Model, encoder: Encoder
) -> dict[str, Values]:
    """Scores of nodes and texts; a text is embedded as free text, with the kind of its own concept."""
    concept_of = dict(zip(group.positives.tolist(), group.positive_clusters.tolist(), strict=True))
    used, rows = np.unique(test.right, return_inverse=True)
    concepts = np.array([concept_of[text] for text in used.tolist()])
    kinds = np.array([past.nodes.kinds[concept] for concept in concepts])
    texts = [past.tasks[group.task].texts[text] for text in used.tolist()]
    stored = np.empty((len(used), model.dimension), dtype=np.float32)
    for kind in np.unique(kinds):
        of_kind = np.flatnonzero(kinds == kind)
        stored[of_kind] = model.text_vectors([texts[row] for row in of_kind], encoder, str(kind))
    text_learnt, text_untrained = split_vectors(stored, model.learnt_dimension)
    learnt, untrained = split_vectors(embedded.stored[test.left], model.learnt_dimension)
    names = encoder.encode([past.nodes.texts[node] for node in test.left.tolist()])
    popularity = np.log1p(degrees(past))
    return {
        SPACE: cosines(learnt, text_learnt[rows]),
        FROZEN_TEXT: cosines(names, encoder.encode(texts)[rows]),
        TEXT_PROPAGATION: cosines(untrained, text_untrained[rows]),
        DEGREE_PRODUCT: popularity[past.nodes.clusters[test.left]] * popularity[concepts[rows]],
    }
