"""Names embedded per second, and their precision: our encoder, sentence-transformers and ONNX Runtime.

    python benchmarks/encoding.py                          # 2,000 synthetic names
    python benchmarks/encoding.py --config generel.toml    # names and synonyms of a project's graph
    python benchmarks/encoding.py --quick                  # as a quick check

All methods use the same model (minilm) and the same distinct names, and run in turns: ours in bfloat16 and float32; the
same forward passes without sorting the names by length; `SentenceTransformer.encode`; ONNX Runtime with our order and
batches, in float32 and with int8 weights (dynamic). Cosines compare with float32 of the published weights. The default
is float32, because in bfloat16 a text's vector depends on its batch (decision 5). stdout: JSON lines, also in
`results/encoding.json` and `.png`.
"""

from __future__ import annotations

import argparse
import os
import statistics
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime
import plots
import torch
from figures import RESULTS, Figure, Results
from numpy.typing import NDArray
from onnxruntime.quantization import QuantType, quantize_dynamic
from sentence_transformers import SentenceTransformer
from synthetic import nodes
from transformers import AutoModel, AutoTokenizer

from generel_graph.config import load_config
from generel_graph.corpus.load import load_corpus
from generel_graph.encode import Encoder
from generel_graph.encode.encoder import CHUNK
from generel_graph.encode.locate import find_encoder
from generel_graph.graph.digest import graph_digest
from generel_graph.graph.open import open_graph

MIN_COSINE = 0.999
Vectors = NDArray[np.float32]


def main() -> None:
    """Encode the same names with every method, in turns."""
    args = arguments()
    torch.set_num_threads(args.threads)
    results = Results("encoding-quick" if args.quick else "encoding", vars(args) | {"results": "", "config": ""})
    texts = names(args)
    with tempfile.TemporaryDirectory() as folder:
        methods = methods_by_name(Path(folder), args.threads)
        exact = methods["ours, fp32"](texts)
        seconds: dict[str, list[float]] = {name: [] for name in methods}
        processor: dict[str, list[float]] = {name: [] for name in methods}
        cosines = {}
        order = list(methods)
        for name in order:  # warm-up, not timed
            methods[name](texts[:CHUNK])
        for repeat in range(args.repeats):
            for name in order[repeat % len(order) :] + order[: repeat % len(order)]:
                began, own = time.perf_counter(), time.process_time()
                vectors = methods[name](texts)
                seconds[name].append(time.perf_counter() - began)
                processor[name].append(time.process_time() - own)
                cosines[name] = (vectors * exact).sum(axis=1)
    rate = {name: len(texts) / statistics.median(times) for name, times in seconds.items()}
    cost = {name: len(texts) / statistics.median(times) for name, times in processor.items()}
    for name, values in cosines.items():
        results.stage(
            f"{len(texts)} names, threads {args.threads}",
            name,
            statistics.median(seconds[name]),
            rate=round(rate[name], 1),
            processor_rate=round(cost[name], 1),
            cosine={
                "least": round(float(values.min()), 5),
                "first percentile": round(float(np.percentile(values, 1)), 5),
                "mean": round(float(values.mean()), 5),
            },
            machine_load=round(os.getloadavg()[0], 2),
        )
    default = "ours, fp32"
    for peer in methods:
        if peer != default:
            results.figure(Figure(f"encoding, {default}", rate[default], "strings/s", rate[peer], peer))
            results.figure(Figure(f"encoding, {default}", cost[default], "strings/processor s", cost[peer], peer))
    precise = [name for name, values in cosines.items() if values.min() >= MIN_COSINE]
    fastest = {"clock": max(precise, key=rate.__getitem__), "processor": max(precise, key=cost.__getitem__)}
    results.stage(f"fastest of least cosine {MIN_COSINE}", str(fastest), 0.0)
    plots.rates(results.write(Path(args.results)))


def arguments() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--config", type=Path, help="project whose names are used; default: synthetic names")
    parser.add_argument("--names", type=int, default=2_000)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--threads", type=int, default=1, help="on a busy machine, several threads wait for each other")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--quick", action="store_true", help="128 names, once")
    parser.add_argument("--results", default=str(RESULTS), help="folder of the JSON file and the plot")
    args = parser.parse_args()
    if args.quick:
        args.names, args.repeats = 128, 1
    return args


def names(args: argparse.Namespace) -> list[str]:
    """Distinct names in a random order."""
    if args.config is None:
        distinct = set(nodes(max(4 * args.names, 1_000), args.seed)["name"])
    else:
        config = load_config(args.config)
        with open_graph(config) as graph:
            corpus = load_corpus(graph, config, graph_digest(graph) or "")
        distinct = {text for text in corpus.nodes.texts if text} | set(corpus.tasks["synonym"].texts)
    order = np.random.default_rng(args.seed).permutation(len(distinct))[: args.names]
    ordered = sorted(distinct)
    return [ordered[i] for i in order]


def methods_by_name(folder: Path, threads: int) -> dict[str, Callable[[Sequence[str]], Vectors]]:
    """The methods by name, ready to encode."""
    exact = replace(Encoder.open("minilm"), dtype=torch.float32)
    fast = replace(exact, dtype=torch.bfloat16)
    model_folder, _ = find_encoder("minilm")
    sentences = SentenceTransformer(str(model_folder), device="cpu", local_files_only=True)
    sentences.max_seq_length = exact.max_tokens
    float_model, int8_model = export(model_folder, folder)
    return {
        "ours, bf16": fast.encode,
        "ours, fp32": exact.encode,
        "ours, bf16, not sorted": lambda texts: unsorted(fast, texts),
        "sentence-transformers, fp32": lambda texts: np.asarray(
            sentences.encode(list(texts), batch_size=CHUNK, normalize_embeddings=True, show_progress_bar=False)
        ),
        "ONNX Runtime, fp32": runtime(float_model, model_folder, exact.max_tokens, threads),
        "ONNX Runtime, int8": runtime(int8_model, model_folder, exact.max_tokens, threads),
    }


def unsorted(encoder: Encoder, texts: Sequence[str]) -> Vectors:
    """Our forward passes over the texts in their original order."""
    chunks = [np.arange(at, min(at + CHUNK, len(texts))) for at in range(0, len(texts), CHUNK)]
    out = np.empty((len(texts), encoder.dimension), dtype=np.float32)
    for indices, rows in encoder._forward_all([(c, [texts[i] for i in c]) for c in chunks]):
        out[indices] = rows
    return out


def export(model_folder: Path, folder: Path) -> tuple[Path, Path]:
    """Export the model as ONNX files in float32 and with int8 weights."""
    model = AutoModel.from_pretrained(model_folder, local_files_only=True, attn_implementation="eager").eval()
    tokenizer = AutoTokenizer.from_pretrained(model_folder, local_files_only=True)
    example = dict(tokenizer(["heart attack", "angina"], padding=True, return_tensors="pt"))
    inputs = ("input_ids", "attention_mask", "token_type_ids")
    float_model, int8_model = folder / "float32.onnx", folder / "int8.onnx"
    torch.onnx.export(
        _Hidden(model),
        tuple(example[name] for name in inputs),
        str(float_model),
        input_names=list(inputs),
        output_names=["hidden"],
        dynamic_axes={name: {0: "texts", 1: "tokens"} for name in (*inputs, "hidden")},
        dynamo=False,
    )
    quantize_dynamic(str(float_model), str(int8_model), weight_type=QuantType.QInt8)
    return float_model, int8_model


class _Hidden(torch.nn.Module):
    """A transformer with three positional inputs, as the tracer passes them."""

    def __init__(self, model: torch.nn.Module) -> None:
        super().__init__()
        self.model = model

    def forward(self, ids: torch.Tensor, mask: torch.Tensor, types: torch.Tensor) -> torch.Tensor:
        output = self.model(input_ids=ids, attention_mask=mask, token_type_ids=types)
        return output.last_hidden_state  # type: ignore[no-any-return]


def runtime(path: Path, model_folder: Path, max_tokens: int, threads: int) -> Callable[[Sequence[str]], Vectors]:
    """ONNX Runtime with our order, batches, pooling and truncation."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    session = onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
    tokenizer = AutoTokenizer.from_pretrained(model_folder, local_files_only=True)

    def encode(texts: Sequence[str]) -> Vectors:
        order = np.argsort([len(text) for text in texts], kind="stable")
        out: Any = None
        for at in range(0, len(order), CHUNK):
            chunk = order[at : at + CHUNK]
            batch = tokenizer(
                [texts[i] for i in chunk], padding=True, truncation=True, max_length=max_tokens, return_tensors="np"
            )
            (hidden,) = session.run(None, {name: batch[name].astype(np.int64) for name in _inputs(session)})
            mask = batch["attention_mask"][:, :, None].astype(np.float32)
            rows = (hidden * mask).sum(axis=1)
            out = np.empty((len(texts), rows.shape[1]), dtype=np.float32) if out is None else out
            out[chunk] = rows / np.linalg.norm(rows, axis=1, keepdims=True)
        return np.asarray(out)

    return encode


def _inputs(session: onnxruntime.InferenceSession) -> list[str]:
    return [node.name for node in session.get_inputs()]


if __name__ == "__main__":
    main()
