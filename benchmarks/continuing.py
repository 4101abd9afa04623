"""Training that goes on from a model of older data, beside training anew: what each comes to and what it costs.

    python benchmarks/continuing.py --config generel.toml --before 2012-01-01 --seeds 0 1

The older model has seen the reports before the date. Prints one JSON line a seed: degree-matched AUC of held-out pairs
(mean over tasks, and gwas), which are the same for all and in no training, and the seconds of the loop. Nothing is
written to the graph.
"""

from __future__ import annotations

import argparse
import json
import tempfile
from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from pathlib import Path

import numpy as np

from generel_graph.config import load_config
from generel_graph.corpus.load import load_corpus
from generel_graph.corpus.tasks import enabled_tasks
from generel_graph.graph.digest import graph_digest
from generel_graph.graph.open import open_graph
from generel_graph.pipeline.train import open_encoder


def main(arguments: Sequence[str] | None = None) -> None:
    """Train the older model, go on from it, train anew, and print what validation says."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--config", type=Path, default=Path("generel.toml"))
    parser.add_argument("--before", type=date.fromisoformat, default=date(2012, 1, 1))
    parser.add_argument("--seeds", type=int, nargs="+", default=[0])
    given = parser.parse_args(arguments)
    config = load_config(given.config)
    older = replace(config, train=replace(config.train, published_before=given.before))
    with open_graph(config) as graph:
        digest = graph_digest(graph) or ""
        now, then = load_corpus(graph, config, digest), load_corpus(graph, older, digest)

    from generel_graph.learn import TrainReport, load_model, train

    encoder, weights = open_encoder(config), enabled_tasks(config.tasks)

    def told(report: TrainReport) -> dict[str, float]:
        areas = {task.name: task.auc for task in report.tasks if task.auc is not None}
        mean = float(np.mean(list(areas.values())))
        return {"mean": round(mean, 4), "gwas": round(areas["gwas"], 4), "seconds": round(report.seconds, 1)}

    for seed in given.seeds:
        settings = replace(config.train, seed=seed, adapter_steps=0)
        with tempfile.TemporaryDirectory() as folder:
            first = train(then, encoder, config.model, settings, weights, Path(folder) / "then")
            start = load_model(first.folder)
            more = train(now, encoder, config.model, settings, weights, Path(folder) / "more", start=start)
            anew = train(now, encoder, config.model, settings, weights, Path(folder) / "anew")
        line = {"older": told(first), "continued": told(more), "anew": told(anew)}
        print(json.dumps({"before": str(given.before), "seed": seed, **line}), flush=True)


if __name__ == "__main__":
    main()
