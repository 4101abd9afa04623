"""How many of the ten SNPs nearest to "heart attack" are later reported for a coronary trait.

A model is trained on the reports before a date. It ranks the SNPs without a report by then, and later reports decide
which are right. It is compared with text propagation without training and with the frozen encoder (an SNP's text is the
mean of its genes' texts).

    python benchmarks/later_snps.py --config generel.toml --date 2013-01-01
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy.stats import hypergeom

from generel_graph.config import load_config
from generel_graph.corpus.load import load_corpus
from generel_graph.corpus.schema import Corpus
from generel_graph.graph.digest import graph_digest
from generel_graph.graph.open import open_graph
from generel_graph.metrics import auc
from generel_graph.pipeline.train import open_encoder, train_model
from generel_graph.stored_vectors import split_vectors

HEART_ATTACK = "MONDO:0005068"  # myocardial infarction
CORONARY = "MONDO:0005010"  # coronary artery disorder; it and its descendants are the coronary traits
K = 10


def coronary_traits(corpus: Corpus) -> set[int]:
    """Clusters of coronary artery disorder, heart attack, and their descendants."""
    index = {id_: i for i, id_ in enumerate(corpus.nodes.ids)}
    clusters = corpus.nodes.clusters
    traits = {int(clusters[index[CORONARY]]), int(clusters[index[HEART_ATTACK]])}
    starts, ends = corpus.edge_clusters("IS_A")
    while True:
        more = {int(clusters[s]) for s, e in zip(starts, ends, strict=True) if int(clusters[e]) in traits}
        if more <= traits:
            return traits
        traits |= more


def top(scores: NDArray[np.float32], candidates: NDArray[np.int64], true: set[int], k: int) -> int:
    """The number of true ones among the k best candidates."""
    best = candidates[np.argsort(-scores[candidates], kind="stable")[:k]]
    return sum(int(i) in true for i in best)


def gene_texts(corpus: Corpus, texts: NDArray[np.float32]) -> NDArray[np.float32]:
    """The mean text vector of the genes that an SNP is in or next to, [n, d]."""
    starts, ends = corpus.edge_clusters("LOCATED_IN", "NEAREST_TO")
    out = np.zeros_like(texts)
    np.add.at(out, starts, texts[ends])
    return out / np.maximum(np.linalg.norm(out, axis=1, keepdims=True), 1e-9)


def main(arguments: Sequence[str] | None = None) -> None:
    """Print one JSON line per figure."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--config", type=Path, default=Path("generel.toml"))
    parser.add_argument("--date", type=date.fromisoformat, default=date(2013, 1, 1))
    args = parser.parse_args(arguments)
    config = load_config(args.config)
    before = replace(config, train=replace(config.train, published_before=args.date))
    with open_graph(config) as graph:
        digest = graph_digest(graph) or ""
        complete = load_corpus(graph, replace(config, train=replace(config.train, published_before=None)), digest)
        past = load_corpus(graph, before, digest)
    model_id = train_model(before, past)

    from generel_graph.learn import load_model

    encoder = open_encoder(config)
    model = load_model(before.model_folder(model_id))
    vectors = model.vectors(past, encoder)
    _, propagated = split_vectors(vectors, model.learnt_dimension)
    texts = encoder.encode(past.nodes.texts)
    query = past.nodes.ids.index(HEART_ATTACK)
    coronary = coronary_traits(complete)
    snps, traits = complete.edge_clusters("ASSOCIATED_WITH")
    known = set(past.edge_clusters("ASSOCIATED_WITH")[0].tolist())
    later = np.array(sorted(set(snps.tolist()) - known), dtype=np.int64)
    clusters = complete.nodes.clusters
    true = {int(s) for s, t in zip(snps, traits, strict=True) if int(clusters[t]) in coronary}
    true_later = true & set(later.tolist())
    scores = {
        "trained": vectors @ vectors[query],
        "text propagation": propagated @ propagated[query],
        "frozen encoder": gene_texts(past, texts) @ texts[query],
    }
    expected = K * len(true_later) / len(later)
    for name, values in scores.items():
        hits = top(values, later, true_later, K)
        area = auc(values[later].astype(np.float64), np.isin(later, sorted(true_later)))
        print(
            json.dumps(
                {
                    "name": f"coronary among {K} SNPs first published from {args.date} on: {name}",
                    "ours": hits,
                    "peer": round(expected, 3),
                    "ratio": round(hits / expected, 1),
                    "unit": "SNPs; peer: drawn at random",
                    "p_of_chance": float(hypergeom.sf(hits - 1, len(later), len(true_later), K)),
                    "auc": round(area, 3),
                    "among_100": top(values, later, true_later, 100),
                    "candidates": len(later),
                    "true": len(true_later),
                }
            ),
            flush=True,
        )


if __name__ == "__main__":
    main()
