"""Continue training from a model of older data, compared with training from scratch: validation AUC and run time.

    python benchmarks/continuing.py --config generel.toml --before 2012-01-01 --seeds 0 1

The older model is trained on the reports before the date. Prints one JSON line per seed: degree-matched AUC of held-out
pairs (mean over tasks, and gwas), which are the same for all models and in no training, and the seconds of the loop.
Nothing is written to the graph.
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
    """Train the older model, continue from it, train from scratch, and print the validation results."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--config", type=Path, default=Path("generel.toml"))
    parser.add_argument("--before", type=date.fromisoformat, default=date(2012, 1, 1))
    parser.add_argument("--seeds", type=int, nargs="+", default=[0])
    args = parser.parse_args(arguments)
    config = load_config(args.config)
    older = replace(config, train=replace(config.train, published_before=args.before))
    with open_graph(config) as graph:
        digest = graph_digest(graph) or ""
        now, earlier = load_corpus(graph, config, digest), load_corpus(graph, older, digest)

    from generel_graph.learn import TrainReport, load_model, train

    encoder, weights = open_encoder(config), enabled_tasks(config.tasks)

    def measures(report: TrainReport) -> dict[str, float]:
        areas = {task.name: task.auc for task in report.tasks if task.auc is not None}
        mean = float(np.mean(list(areas.values())))
        return {"mean": round(mean, 4), "gwas": round(areas["gwas"], 4), "seconds": round(report.seconds, 1)}

    for seed in args.seeds:
        settings = replace(config.train, seed=seed, adapter_steps=0)
        with tempfile.TemporaryDirectory() as folder:
            first = train(earlier, encoder, config.model, settings, weights, Path(folder) / "older")
            start = load_model(first.folder)
            continued = train(now, encoder, config.model, settings, weights, Path(folder) / "continued", start=start)
            scratch = train(now, encoder, config.model, settings, weights, Path(folder) / "from scratch")
        line = {"older": measures(first), "continued": measures(continued), "from_scratch": measures(scratch)}
        print(json.dumps({"before": str(args.before), "seed": seed, **line}), flush=True)


if __name__ == "__main__":
    main()
