"""Training speed of the towers, compared with a bare loop on prepared batches and with sentence-transformers.

    python benchmarks/training.py                          # on a synthetic corpus in memory; 15 minutes
    python benchmarks/training.py --config generel.toml    # on a project's own graph
    python benchmarks/training.py --quick                  # as a quick check

The bare loop has the same towers, input dropout, objective and optimizer, and the same batches as tensors in memory.
It omits making the batches and the log. Both run in turns, with one and two threads, in bfloat16 and float32.
Complete rounds are timed, from the second one on, so warm-up does not count. Processor time is recorded with wall
time: on a busy machine only processor time is comparable. Then the synonym pairs alone, in batches of 64, compared
with sentence-transformers' MultipleNegativesRankingLoss, which trains the complete encoder. stdout: JSON lines, also
in `results/training.json` and `.png`.
"""

from __future__ import annotations

import argparse
import importlib
import os
import statistics
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any
from unittest import mock

import numpy as np
import plots
import torch
from corpora import RandomEncoder, synthetic_corpus
from figures import RESULTS, Figure, Results
from sentence_transformers import SentenceTransformer
from sentence_transformers.sentence_transformer.losses import MultipleNegativesRankingLoss

from generel_graph.config import ModelConfig, TrainConfig, load_config
from generel_graph.corpus.load import load_corpus
from generel_graph.corpus.schema import Corpus
from generel_graph.corpus.tasks import enabled_tasks
from generel_graph.encode import Encoder
from generel_graph.encode.device import best_device, has_bfloat16
from generel_graph.encode.locate import find_encoder
from generel_graph.graph.digest import graph_digest
from generel_graph.graph.open import open_graph
from generel_graph.learn import train
from generel_graph.learn.distributed import SINGLE_PROCESS
from generel_graph.learn.losses import objective
from generel_graph.learn.model.towers import input_dropout, make_towers
from generel_graph.learn.pairs.batches import ROUND_STEPS, Batch, RoundInputs, plan_round
from generel_graph.learn.pairs.training_data import TrainingData, training_data
from generel_graph.pipeline.train import open_encoder

loop = importlib.import_module(
    "generel_graph.learn.training.train"
)  # the module; the package has its function by this name
DTYPES = {"bf16": torch.bfloat16, "fp32": torch.float32}
FORMATS: Mapping[str, Any] = {"bf16": "bfloat16", "fp32": "float32"}  # of [train] number_format
BARS = {("bf16", 2): 20_000.0, ("fp32", 2): 10_000.0}
BAR_RATIO = 0.95
TEXT_BATCH = 64
ENCODED_TEXTS = 1024  # for the time of encoding


@dataclass(frozen=True, slots=True)
class Work:
    """The training data and settings."""

    corpus: Corpus
    encoder: Encoder
    model: ModelConfig
    train: TrainConfig
    weights: Mapping[str, float]


def main() -> None:
    """Measure each case in turns and print the times."""
    args = arguments()
    results = Results("training-quick" if args.quick else "training", vars(args) | {"results": "", "config": ""})
    work = read(args)
    results.stage("corpus", "pairs", 0.0, nodes=len(work.corpus.nodes), pairs=sum(map(len, work.corpus.tasks.values())))
    for name in args.dtypes:
        if name == "bf16" and not has_bfloat16(best_device()):
            results.stage("bf16", "skipped: this processor has no bfloat16", 0.0)
            continue
        compare_with_bare_loop(work, name, args, results)
    compare_with_sentence_transformers(work, args, results)
    plots.rates(results.write(Path(args.results)))


def arguments() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--config", type=Path, help="project with a loaded graph; default: a synthetic corpus")
    parser.add_argument("--nodes", type=int, default=100_000, help="of the synthetic corpus")
    parser.add_argument("--pairs", type=int, default=1_000_000)
    parser.add_argument("--steps", type=int, default=160, help="of each training; complete rounds of 40")
    parser.add_argument("--sentence-steps", type=int, default=6, help="of sentence-transformers, per repetition")
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--threads", type=int, nargs="+", default=[1, 2])
    parser.add_argument("--dtypes", nargs="+", choices=list(DTYPES), default=list(DTYPES))
    parser.add_argument("--quick", action="store_true", help="a small run, once")
    parser.add_argument("--results", default=str(RESULTS), help="folder of the JSON file and the plot")
    args = parser.parse_args()
    if args.quick:
        args.nodes, args.pairs, args.steps, args.sentence_steps, args.repeats = 5_000, 20_000, 80, 2, 1
    return args


def read(args: argparse.Namespace) -> Work:
    """The project's corpus or a synthetic one; validation and adapter off."""
    off: dict[str, Any] = {"steps": args.steps, "validate_steps": 0, "adapter_steps": 0, "checkpoint_steps": 10**9}
    if args.config is None:
        encoder: Any = RandomEncoder()
        return Work(synthetic_corpus(args.nodes, args.pairs), encoder, ModelConfig(), replace(TrainConfig(), **off), {})
    config = load_config(args.config)
    with open_graph(config) as graph:
        corpus = load_corpus(graph, config, graph_digest(graph) or "")
    return Work(corpus, open_encoder(config), config.model, replace(config.train, **off), enabled_tasks(config.tasks))


@dataclass(slots=True)
class Clock:
    """A `Progress` that records the wall and processor time of the steps after the first round."""

    began: tuple[float, float] = (0.0, 0.0)
    ended: tuple[float, float] = (0.0, 0.0)

    def __call__(self, stage: str, done: float, total: float | None, note: str = "") -> None:
        """Record the end of a step."""
        if stage == "train":
            self.ended = time.perf_counter(), time.process_time()
            if done <= ROUND_STEPS:
                self.began = self.ended

    def rates(self, pairs: int) -> Rates:
        """The rates of that number of pairs."""
        return Rates(*(pairs / (e - b) for b, e in zip(self.began, self.ended, strict=True)))


@dataclass(frozen=True, slots=True)
class Rates:
    """Pairs per second of wall and of processor time."""

    clock: float
    processor: float


def in_turns(
    methods: Mapping[str, Callable[[], Rates]], run: str, args: argparse.Namespace, results: Results
) -> dict[str, Rates]:
    """The median rates of each method over repetitions; each repetition begins with another method."""
    rates: dict[str, list[Rates]] = {name: [] for name in methods}
    order = list(methods)
    for repeat in range(args.repeats):
        for name in order[repeat % len(order) :] + order[: repeat % len(order)]:
            began = time.perf_counter()
            rates[name].append(rate := methods[name]())
            results.stage(
                f"{run}, repetition {repeat + 1}",
                name,
                time.perf_counter() - began,
                rate=round(rate.clock, 1),
                processor_rate=round(rate.processor, 1),
                machine_load=round(os.getloadavg()[0], 2),
            )
    return {
        name: Rates(statistics.median(r.clock for r in measured), statistics.median(r.processor for r in measured))
        for name, measured in rates.items()
    }


def compare_with_bare_loop(work: Work, dtype: str, args: argparse.Namespace, results: Results) -> None:
    """Measure the product's training and the bare loop over the same batches."""
    work = replace(work, train=replace(work.train, number_format=FORMATS[dtype]))
    torch.set_num_threads(max(args.threads))
    data = training_data(work.corpus, work.encoder, work.model, work.train, work.weights, dtype=DTYPES[dtype])
    batches: list[Batch] = []
    for number in range(-(-work.train.steps // ROUND_STEPS)):
        steps = plan_round(data.groups, data.features.effects, work.train, number)
        began, own = time.perf_counter(), time.process_time()
        inputs = RoundInputs(data, steps)
        batches += [inputs.batch(step) for step in steps]
        results.stage(
            f"{dtype}, a round of {len(steps)} steps",
            "batches made",
            time.perf_counter() - began,
            processor_seconds=round(time.process_time() - own, 2),
        )
    for threads in args.threads:
        peer = "bare torch loop"
        methods: dict[str, Callable[[], Rates]] = {
            "ours": lambda t=threads: live(data, work, t),  # type: ignore[misc]
            peer: lambda t=threads: bare(data, work, batches, t),  # type: ignore[misc]
        }
        rate = in_turns(methods, f"{dtype}, threads {threads}", args, results)
        name = f"training with live batches, {dtype}, threads {threads}"
        bar = BARS.get((dtype, threads))
        results.figure(
            Figure(name, rate["ours"].clock, "pairs/s", rate[peer].clock, peer, bar=bar, bar_ratio=BAR_RATIO)
        )
        if threads == 1:  # waiting threads also use processor time
            processor = rate["ours"].processor, "pairs/processor s", rate[peer].processor
            results.figure(Figure(name, *processor, peer, bar_ratio=BAR_RATIO))


def timed_pairs(data: TrainingData, settings: TrainConfig) -> int:
    """The pairs of the steps after the first round."""
    rounds = range(1, -(-settings.steps // ROUND_STEPS))
    steps = [step for number in rounds for step in plan_round(data.groups, data.features.effects, settings, number)]
    return sum(len(step.pairs) + len(step.effects) for step in steps)


def live(data: TrainingData, work: Work, threads: int) -> Rates:
    """The loop of `train`; the data before it are made once, and the steps after it are omitted."""
    settings, clock = replace(work.train, threads=threads), Clock()
    with (
        tempfile.TemporaryDirectory() as folder,
        mock.patch.object(loop, "training_data", lambda *_: data),
        mock.patch.object(loop, "fit_and_write_effects", lambda *_: {}),
    ):
        train(work.corpus, work.encoder, work.model, settings, work.weights, Path(folder), clock)
    return clock.rates(timed_pairs(data, settings))


def bare(data: TrainingData, work: Work, batches: Sequence[Batch], threads: int) -> Rates:
    """The bare loop: the arithmetic alone."""
    torch.set_num_threads(threads)
    settings, model, dtype = work.train, work.model, data.features.dtype
    towers = make_towers(tuple(data.shapes.values()), model.dropout, settings.seed).train()
    optimizer = torch.optim.AdamW(
        towers.parameters(), lr=settings.learning_rate, weight_decay=settings.weight_decay, fused=True
    )
    clock = Clock()
    for number, batch in enumerate(batches):
        z = {}
        with torch.autocast("cpu", dtype, enabled=dtype != torch.float32):
            for tower, x in batch.inputs.items():
                z[tower] = towers[tower](input_dropout(x, data.shapes[tower], model.block_dropout, model.text_only))
        losses = objective(z, batch, settings, SINGLE_PROCESS)
        optimizer.zero_grad(set_to_none=True)
        losses.total.backward()  # type: ignore[no-untyped-call]
        torch.nn.utils.clip_grad_norm_(towers.parameters(), settings.clip)
        optimizer.step()
        clock("train", number + 1, len(batches))
    return clock.rates(timed_pairs(data, settings))


def compare_with_sentence_transformers(work: Work, args: argparse.Namespace, results: Results) -> None:
    """Measure the synonym pairs alone, and sentence-transformers training the complete encoder on them."""
    threads = max(args.threads)
    torch.set_num_threads(threads)
    synonyms = work.corpus.tasks["synonym"]
    names, random = work.corpus.nodes.texts, np.random.default_rng(0)
    drawn = random.permutation(len(synonyms))
    texts = [(names[synonyms.anchors[i]], synonyms.texts[synonyms.positives[i]]) for i in drawn]
    weights = {name: float(name == "synonym") for name in work.corpus.tasks} | {"gene_trait": 0.0}
    name = "bf16" if has_bfloat16(best_device()) else "fp32"
    settings = replace(work.train, batch_size=TEXT_BATCH, effect_weight=0.0, number_format=FORMATS[name])
    alone = replace(work, train=settings, weights=weights)
    folder, _ = find_encoder("minilm")
    data = training_data(alone.corpus, alone.encoder, alone.model, alone.train, weights, dtype=DTYPES[name])
    rate = in_turns(
        {
            "ours": lambda: live(data, alone, threads),
            "sentence-transformers, fp32": lambda: ranking(folder, texts, torch.float32, args.sentence_steps),
            "sentence-transformers, bf16": lambda: ranking(folder, texts, torch.bfloat16, args.sentence_steps),
        },
        f"synonyms, batches of {TEXT_BATCH}, threads {threads}",
        args,
        results,
    )
    encoder = Encoder.open("minilm")
    distinct = sorted({text for pair in texts for text in pair})
    sample = [distinct[i] for i in random.permutation(len(distinct))[:ENCODED_TEXTS]]
    encoder.encode(sample[:64])
    began = time.perf_counter()
    encoder.encode(sample)
    each = (time.perf_counter() - began) / len(sample)
    results.stage("synonyms", f"ours: encoding {len(sample)} texts", each * len(sample), rate=round(1 / each))
    epoch_rate = 1 / (
        1 / rate["ours"].clock + each * len(distinct) / len(texts)
    )  # one epoch with each text encoded once
    for peer in list(rate)[1:]:
        name = "synonym pairs, frozen beside MultipleNegativesRankingLoss"
        results.figure(Figure(name, rate["ours"].clock, "pairs/s", rate[peer].clock, peer))
        results.figure(Figure(f"{name}, one epoch with its encoding", epoch_rate, "pairs/s", rate[peer].clock, peer))


def ranking(folder: Path, texts: Sequence[tuple[str, str]], dtype: torch.dtype, steps: int) -> Rates:
    """Pairs per second of MultipleNegativesRankingLoss and AdamW, after one step that is not timed."""
    model = SentenceTransformer(str(folder), device="cpu", local_files_only=True).train()
    model.max_seq_length = ModelConfig().max_tokens
    loss = MultipleNegativesRankingLoss(model)
    optimizer = torch.optim.AdamW(model.parameters(), lr=2e-5, fused=True)
    began = (0.0, 0.0)
    for step in range(steps + 1):
        if step == 1:
            began = time.perf_counter(), time.process_time()
        part = texts[step * TEXT_BATCH : (step + 1) * TEXT_BATCH]
        sides = [model.preprocess([pair[i] for pair in part]) for i in (0, 1)]
        with torch.autocast("cpu", dtype, enabled=dtype != torch.float32):
            value = loss(sides, torch.empty(0))
        optimizer.zero_grad(set_to_none=True)
        value.backward()
        optimizer.step()
    pairs, now = steps * TEXT_BATCH, (time.perf_counter(), time.process_time())
    return Rates(pairs / (now[0] - began[0]), pairs / (now[1] - began[1]))


if __name__ == "__main__":
    main()
