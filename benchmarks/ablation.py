"""Ablation: validation by task without each part of the training settings, over several seeds.

    python benchmarks/ablation.py --config generel.toml --seeds 0 1 2

Prints one JSON line per variant: the mean over seeds of the degree-matched AUC of held-out pairs, by task and over all
tasks, the standard deviation over seeds, and the difference to the default settings in the same run. The held-out pairs
are the same for all variants of a seed; none of them is in a feature or a step. Nothing is written to the graph.
"""

from __future__ import annotations

import argparse
import json
import tempfile
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from generel_graph.config import load_config
from generel_graph.corpus.load import load_corpus
from generel_graph.corpus.tasks import enabled_tasks
from generel_graph.graph.digest import graph_digest
from generel_graph.graph.open import open_graph
from generel_graph.pipeline.train import open_encoder

NEIGHBOURS = ("ontology", "condition", "phenotype", "gene", "drug", "process", "snp_context", "gene_context")
TEXT_ONLY = tuple(f"concept.{name}" for name in NEIGHBOURS)
# Changes of [model] and [train]. "text only" leaves an SNP, which has no text of its own, the texts of its traits and
# genes.
VARIANTS: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "as shipped": ({}, {}),
    "text only": ({"without": TEXT_ONLY}, {}),
    "text and SNP identity": ({"without": TEXT_ONLY, "snp_embedding": True}, {}),
    "with SNP identity": ({"snp_embedding": True}, {}),
    "no leave-out folds": ({}, {"mix_in": 1.0}),
    "always left out": ({}, {"mix_in": 0.0}),
    "no effect-size term": ({}, {"effect_weight": 0.0}),
    "no pair weights": ({}, {"weigh_pairs": False}),
    "no mask of known pairs": ({}, {"mask_known": False}),
    "no true negatives": ({}, {"true_negatives": False}),
    "hard negatives": ({}, {"hard_negatives": 1}),
    "multi-similarity": ({}, {"loss": "multi_similarity"}),
    "no same-locus neighbours": ({"same_locus": False}, {}),
}


def main(arguments: Sequence[str] | None = None) -> None:
    """Train every variant with every seed and print the validation results."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--config", type=Path, default=Path("generel.toml"))
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2])
    parser.add_argument("--variants", nargs="+", choices=list(VARIANTS), default=list(VARIANTS))
    args = parser.parse_args(arguments)
    config = load_config(args.config)
    with open_graph(config) as graph:
        corpus = load_corpus(graph, config, graph_digest(graph) or "")

    from generel_graph.learn import train

    encoder, weights = open_encoder(config), enabled_tasks(config.tasks)
    shipped: dict[str, list[float]] = {}
    for name in args.variants:
        model, training = VARIANTS[name]
        values: dict[str, list[float]] = {}
        for seed in args.seeds:
            settings = replace(config.train, adapter_steps=0, seed=seed, **training)
            with tempfile.TemporaryDirectory() as folder:
                report = train(corpus, encoder, replace(config.model, **model), settings, weights, Path(folder))
            areas = {task.name: task.auc for task in report.tasks if task.auc is not None}
            for task, value in [*areas.items(), ("mean", float(np.mean(list(areas.values()))))]:
                values.setdefault(task, []).append(value)
        shipped = shipped or values
        print(
            json.dumps(
                {
                    "name": name,
                    "seeds": args.seeds,
                    "auc": {task: round(float(np.mean(v)), 4) for task, v in values.items()},
                    "spread": {task: round(float(np.std(v)), 4) for task, v in values.items()},
                    "minus_first": {
                        task: round(float(np.mean(np.array(v) - np.array(shipped[task]))), 4)
                        for task, v in values.items()
                    },
                }
            ),
            flush=True,
        )


if __name__ == "__main__":
    main()
