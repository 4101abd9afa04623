"""How fast the towers are trained: beside a bare loop on batches made before, and sentence-transformers.

    python benchmarks/training.py                          # on a corpus that is made up in memory; 15 minutes
    python benchmarks/training.py --config generel.toml    # on a project's own graph
    python benchmarks/training.py --quick                  # to see that it runs

The bare loop has the same towers, input dropout, objective and optimizer, and the same batches as tensors in memory:
what it leaves out is the making of batches and the log. Both take turns, with one thread and two, in bfloat16 and
float32. Steps are timed from the second round on: whole rounds, and nothing is warmed up within the time. Beside the
clock stands this process' own processor time: with others at work on the machine only that says what a way costs.
Then the synonym pairs alone, batches of 64, beside sentence-transformers'
MultipleNegativesRankingLoss on the whole encoder. stdout: JSON lines; `results/training.json` and `.png` hold the same.
"""

from __future__ import annotations

import argparse
import importlib
import os
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any
from unittest import mock

import numpy as np
import plots
import torch
from corpora import RandomEncoder, made_up
from figures import RESULTS, Figure, Results
from sentence_transformers import SentenceTransformer
from sentence_transformers.sentence_transformer.losses import MultipleNegativesRankingLoss

from generel_graph.config import ModelConfig, TrainConfig, load_config
from generel_graph.corpus.load import load_corpus
from generel_graph.corpus.schema import Corpus
from generel_graph.corpus.tasks import enabled_tasks
from generel_graph.encode import Encoder, device
from generel_graph.encode.locate import find_encoder
from generel_graph.graph.digest import graph_digest
from generel_graph.graph.open import open_graph
from generel_graph.learn import train
from generel_graph.learn.distributed import SINGLE_PROCESS
from generel_graph.learn.losses import objective
from generel_graph.learn.model.towers import hide, make_towers
from generel_graph.learn.pairs.batches import ROUND_STEPS, Batch, RoundInputs, plan_round
from generel_graph.learn.pairs.training_data import TrainingData, training_data
from generel_graph.pipeline.train import open_encoder

loop = importlib.import_module(
    "generel_graph.learn.training.train"
)  # the module; the package has its function by this name
DTYPES = {"bf16": torch.bfloat16, "fp32": torch.float32}
BARS = {("bf16", 2): 20_000.0, ("fp32", 2): 10_000.0}
BAR_RATIO = 0.95
TEXT_BATCH = 64
MANY_TEXTS = 1024  # that the cost of encoding is told by


@dataclass(frozen=True, slots=True)
class Work:
    """What is trained on and how."""

    corpus: Corpus
    encoder: Encoder
    model: ModelConfig
    train: TrainConfig
    weights: Mapping[str, float]


def main() -> None:
    """Measure each case in turns and print what it took."""
    args = arguments()
    results = Results("training-quick" if args.quick else "training", vars(args) | {"results": "", "config": ""})
    work = read(args)
    results.stage("corpus", "pairs", 0.0, nodes=len(work.corpus.nodes), pairs=sum(map(len, work.corpus.tasks.values())))
    for name in args.dtypes:
        with numbers(DTYPES[name]):
            beside_bare(work, name, args, results)
    beside_sentences(work, args, results)
    plots.rates(results.write(Path(args.results)))


def arguments() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--config", type=Path, help="a project whose graph is there; default: a corpus made up")
    parser.add_argument("--nodes", type=int, default=100_000, help="of the corpus that is made up")
    parser.add_argument("--pairs", type=int, default=1_000_000)
    parser.add_argument("--steps", type=int, default=160, help="of each training; whole rounds of 40")
    parser.add_argument("--sentence-steps", type=int, default=6, help="of sentence-transformers, each repetition")
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--threads", type=int, nargs="+", default=[1, 2])
    parser.add_argument("--dtypes", nargs="+", choices=list(DTYPES), default=list(DTYPES))
    parser.add_argument("--quick", action="store_true", help="little of everything, once")
    parser.add_argument("--results", default=str(RESULTS), help="folder of the JSON file and the plot")
    args = parser.parse_args()
    if args.quick:
        args.nodes, args.pairs, args.steps, args.sentence_steps, args.repeats = 5_000, 20_000, 80, 2, 1
    return args


def read(args: argparse.Namespace) -> Work:
    """The project's corpus, or one that is made up; validation and adapter off."""
    off: dict[str, Any] = {"steps": args.steps, "validate_steps": 0, "adapter_steps": 0, "checkpoint_steps": 10**9}
    if args.config is None:
        encoder: Any = RandomEncoder()
        return Work(made_up(args.nodes, args.pairs), encoder, ModelConfig(), replace(TrainConfig(), **off), {})
    config = load_config(args.config)
    with open_graph(config) as graph:
        corpus = load_corpus(graph, config, graph_digest(graph) or "")
    return Work(corpus, open_encoder(config), config.model, replace(config.train, **off), enabled_tasks(config.tasks))


@contextmanager
def numbers(dtype: torch.dtype) -> Iterator[None]:
    """Train in this number format, whatever the machine is good at."""
    with mock.patch.object(device, "fast_dtype", lambda device: dtype):
        yield


@dataclass(slots=True)
class Clock:
    """A `Progress` that times the steps after the first round, by the clock and by this process' processor time."""

    began: tuple[float, float] = (0.0, 0.0)
    ended: tuple[float, float] = (0.0, 0.0)

    def __call__(self, stage: str, done: float, total: float | None, note: str = "") -> None:
        """Take the time of a step's end."""
        if stage == "train":
            self.ended = time.perf_counter(), time.process_time()
            if done <= ROUND_STEPS:
                self.began = self.ended

    def rates(self, pairs: int) -> Rates:
        """Of that many pairs."""
        return Rates(*(pairs / (e - b) for b, e in zip(self.began, self.ended, strict=True)))


@dataclass(frozen=True, slots=True)
class Rates:
    """Pairs a second of the clock, and of processor time."""

    clock: float
    processor: float


def in_turns(
    ways: Mapping[str, Callable[[], Rates]], run: str, args: argparse.Namespace, results: Results
) -> dict[str, Rates]:
    """The median rates of each way over repetitions, each of which begins with another way."""
    rates: dict[str, list[Rates]] = {name: [] for name in ways}
    order = list(ways)
    for repeat in range(args.repeats):
        for name in order[repeat % len(order) :] + order[: repeat % len(order)]:
            began = time.perf_counter()
            rates[name].append(found := ways[name]())
            results.stage(
                f"{run}, repetition {repeat + 1}",
                name,
                time.perf_counter() - began,
                rate=round(found.clock, 1),
                processor_rate=round(found.processor, 1),
                machine_load=round(os.getloadavg()[0], 2),
            )
    return {
        name: Rates(statistics.median(r.clock for r in some), statistics.median(r.processor for r in some))
        for name, some in rates.items()
    }


def beside_bare(work: Work, dtype: str, args: argparse.Namespace, results: Results) -> None:
    """The product's training beside the bare loop over the same batches."""
    torch.set_num_threads(max(args.threads))
    given = training_data(work.corpus, work.encoder, work.model, work.train, work.weights, dtype=DTYPES[dtype])
    batches: list[Batch] = []
    for number in range(-(-work.train.steps // ROUND_STEPS)):
        steps = plan_round(given.groups, given.features.effects, work.train, number)
        began, own = time.perf_counter(), time.process_time()
        inputs = RoundInputs(given, steps)
        batches += [inputs.batch(step) for step in steps]
        results.stage(
            f"{dtype}, a round of {len(steps)} steps",
            "batches made",
            time.perf_counter() - began,
            processor_seconds=round(time.process_time() - own, 2),
        )
    for threads in args.threads:
        peer = "bare torch loop"
        ways: dict[str, Callable[[], Rates]] = {
            "ours": lambda t=threads: live(given, work, t),  # type: ignore[misc]
            peer: lambda t=threads: bare(given, work, batches, t),  # type: ignore[misc]
        }
        rate = in_turns(ways, f"{dtype}, threads {threads}", args, results)
        name = f"training with live batches, {dtype}, threads {threads}"
        bar = BARS.get((dtype, threads))
        results.figure(
            Figure(name, rate["ours"].clock, "pairs/s", rate[peer].clock, peer, bar=bar, bar_ratio=BAR_RATIO)
        )
        if threads == 1:  # threads that wait for each other cost processor time, too
            processor = rate["ours"].processor, "pairs/processor s", rate[peer].processor
            results.figure(Figure(name, *processor, peer, bar_ratio=BAR_RATIO))


def timed_pairs(given: TrainingData, settings: TrainConfig) -> int:
    """The pairs of the steps after the first round."""
    rounds = range(1, -(-settings.steps // ROUND_STEPS))
    steps = [step for number in rounds for step in plan_round(given.groups, given.features.effects, settings, number)]
    return sum(len(step.pairs) + len(step.effects) for step in steps)


def live(given: TrainingData, work: Work, threads: int) -> Rates:
    """`train`'s own loop; what comes before it is made once and given to it, what comes after is left out."""
    settings, clock = replace(work.train, threads=threads), Clock()
    with (
        tempfile.TemporaryDirectory() as folder,
        mock.patch.object(loop, "material", lambda *_: given),
        mock.patch.object(loop, "learn_effects", lambda *_: {}),
    ):
        train(work.corpus, work.encoder, work.model, settings, work.weights, Path(folder), clock)
    return clock.rates(timed_pairs(given, settings))


def bare(given: TrainingData, work: Work, batches: Sequence[Batch], threads: int) -> Rates:
    """The arithmetic alone."""
    torch.set_num_threads(threads)
    settings, model, dtype = work.train, work.model, given.features.dtype
    towers = make_towers(tuple(given.shapes.values()), model.dropout, settings.seed).train()
    optimizer = torch.optim.AdamW(
        towers.parameters(), lr=settings.learning_rate, weight_decay=settings.weight_decay, fused=True
    )
    clock = Clock()
    for number, batch in enumerate(batches):
        z = {}
        with torch.autocast("cpu", dtype, enabled=dtype != torch.float32):
            for tower, x in batch.inputs.items():
                z[tower] = towers[tower](hide(x, given.shapes[tower], model.block_dropout, model.text_only))
        made = objective(z, batch, settings, SINGLE_PROCESS)
        optimizer.zero_grad(set_to_none=True)
        made.total.backward()  # type: ignore[no-untyped-call]
        torch.nn.utils.clip_grad_norm_(towers.parameters(), settings.clip)
        optimizer.step()
        clock("train", number + 1, len(batches))
    return clock.rates(timed_pairs(given, settings))


def beside_sentences(work: Work, args: argparse.Namespace, results: Results) -> None:
    """The synonym pairs alone, beside sentence-transformers training the whole encoder on them."""
    threads = max(args.threads)
    torch.set_num_threads(threads)
    synonyms = work.corpus.tasks["synonym"]
    names, random = work.corpus.nodes.texts, np.random.default_rng(0)
    drawn = random.permutation(len(synonyms))
    texts = [(names[synonyms.anchors[i]], synonyms.texts[synonyms.positives[i]]) for i in drawn]
    weights = {name: float(name == "synonym") for name in work.corpus.tasks} | {"gene_trait": 0.0}
    alone = replace(work, train=replace(work.train, batch_size=TEXT_BATCH, effect_weight=0.0), weights=weights)
    folder, _ = find_encoder("minilm")
    given = training_data(alone.corpus, alone.encoder, alone.model, alone.train, weights, dtype=torch.bfloat16)
    with numbers(torch.bfloat16):
        rate = in_turns(
            {
                "ours": lambda: live(given, alone, threads),
                "sentence-transformers, fp32": lambda: ranking(folder, texts, torch.float32, args.sentence_steps),
                "sentence-transformers, bf16": lambda: ranking(folder, texts, torch.bfloat16, args.sentence_steps),
            },
            f"synonyms, batches of {TEXT_BATCH}, threads {threads}",
            args,
            results,
        )
    fresh = Encoder.open("minilm")
    distinct = sorted({text for pair in texts for text in pair})
    some = [distinct[i] for i in random.permutation(len(distinct))[:MANY_TEXTS]]
    fresh.encode(some[:64])
    began = time.perf_counter()
    fresh.encode(some)
    each = (time.perf_counter() - began) / len(some)
    results.stage("synonyms", f"ours: encoding {len(some)} texts", each * len(some), rate=round(1 / each))
    whole = 1 / (1 / rate["ours"].clock + each * len(distinct) / len(texts))  # in one epoch, each text encoded once
    for peer in list(rate)[1:]:
        name = "synonym pairs, frozen beside MultipleNegativesRankingLoss"
        results.figure(Figure(name, rate["ours"].clock, "pairs/s", rate[peer].clock, peer))
        results.figure(Figure(f"{name}, one epoch with its encoding", whole, "pairs/s", rate[peer].clock, peer))


def ranking(folder: Path, texts: Sequence[tuple[str, str]], dtype: torch.dtype, steps: int) -> Rates:
    """Pairs a second of MultipleNegativesRankingLoss and AdamW, after one step outside of the time."""
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
            found = loss(sides, torch.empty(0))
        optimizer.zero_grad(set_to_none=True)
        found.backward()
        optimizer.step()
    pairs, now = steps * TEXT_BATCH, (time.perf_counter(), time.process_time())
    return Rates(pairs / (now[0] - began[0]), pairs / (now[1] - began[1]))


if __name__ == "__main__":
    main()
