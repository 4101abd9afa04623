"""A small planted corpus: diseases, genes, drugs and SNPs that belong to themes, which a model can learn."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace

import numpy as np
import pytest

from generel_graph.corpus.schema import Corpus, EdgeArrays, Nodes, Pairs

THEMES, PER_THEME = 6, 8
ARRAYS = ("starts", "ends", "type", "weights", "log_odds", "neg_log10_p")  # of edges
SYLLABLES = ("ka", "lo", "mi", "ru", "te", "sa", "vo", "ni")


@dataclass
class WordEncoder:
    """A fast text encoder: sums random vectors of the words, so that texts with common words are similar."""

    dimension: int = 24
    name: str = "words"
    digest: str = "words-24"

    def encode(self, texts, progress=None):
        out = np.zeros((len(texts), self.dimension), dtype=np.float32)
        for row, text in enumerate(texts):
            for word in text.lower().split():
                seed = int.from_bytes(hashlib.blake2b(word.encode(), digest_size=4).digest(), "little")
                out[row] += np.random.default_rng(seed).normal(size=self.dimension)
        length = np.linalg.norm(out, axis=1, keepdims=True)
        return out / np.where(length > 0, length, 1)


def edges_of(ids, rows):
    """EdgeArrays from (start id, type, end id, weight, neg_log10_p, log odds) rows."""
    index = {id_: i for i, id_ in enumerate(ids)}
    types = tuple(sorted({row[1] for row in rows}))
    nan = float("nan")
    rows = [tuple(row) + (1.0, nan, nan)[len(row) - 3 :] for row in rows]
    return EdgeArrays(
        types=types,
        starts=np.array([index[r[0]] for r in rows], dtype=np.int32),
        ends=np.array([index[r[2]] for r in rows], dtype=np.int32),
        type=np.array([types.index(r[1]) for r in rows], dtype=np.int16),
        weights=np.array([r[3] for r in rows], dtype=np.float32),
        neg_log10_p=np.array([r[4] for r in rows], dtype=np.float32),
        log_odds=np.array([r[5] for r in rows], dtype=np.float32),
    )


def nodes_of(rows, clusters=None):
    """Nodes from (id, kind, text) or (id, "SNP", chromosome, position); `clusters`: id → representative."""
    rows = sorted(rows)
    ids = tuple(row[0] for row in rows)
    clusters = clusters or {}
    snp = [row[1] == "SNP" for row in rows]
    return Nodes(
        ids=ids,
        kinds=tuple(row[1] for row in rows),
        texts=tuple("" if s else row[2] for s, row in zip(snp, rows, strict=True)),
        synonyms=tuple(() for _ in rows),
        clusters=np.array([ids.index(clusters.get(id_, id_)) for id_ in ids], dtype=np.int32),
        chromosomes=tuple(row[2] if s else "" for s, row in zip(snp, rows, strict=True)),
        positions=np.array([row[3] if s else -1 for s, row in zip(snp, rows, strict=True)], dtype=np.int64),
        builds=tuple("GRCh38" if s else "" for s in snp),
    )


def pairs_of(ids, rows, texts=()):
    """Pairs from (anchor id, positive id or text number, weight, effect) rows."""
    index = {id_: i for i, id_ in enumerate(ids)}
    row_of = {(index[r[0]], r[1] if texts else index[r[1]]): r for r in rows}
    keys = sorted(row_of)
    return Pairs(
        anchors=np.array([k[0] for k in keys], dtype=np.int32),
        positives=np.array([k[1] for k in keys], dtype=np.int32),
        weights=np.array([row_of[k][2] for k in keys], dtype=np.float32),
        effects=np.array([row_of[k][3] for k in keys], dtype=np.float32),
        texts=tuple(texts),
    )


def planted(seed=0):
    """The corpus, and held-out (SNP, disease) pairs of the same theme that are in no edge or task."""
    rng = np.random.default_rng(seed)
    rows, edges, gwas, kg, hierarchy, synonyms, texts, held = [], [], [], [], [], [], [], []
    nan = float("nan")
    for t in range(THEMES):
        word = SYLLABLES[t] * 2
        other = SYLLABLES[t] + "zz"  # genes and drugs do not share the diseases' words
        diseases = [f"MONDO:{t}{i}" for i in range(PER_THEME)]
        genes = [f"HGNC:{t}{i}" for i in range(PER_THEME)]
        drugs = [f"DRUG:{t}{i}" for i in range(4)]
        snps = [f"rs{t}{i:02d}" for i in range(3 * PER_THEME)]
        rows += [(d, "Disease", f"{word} disease {i}") for i, d in enumerate(diseases)]
        rows += [(g, "Gene", f"GENE{t}{i}: {other} factor") for i, g in enumerate(genes)]
        rows += [(d, "Drug", f"drug{t}{i} {other}") for i, d in enumerate(drugs)]
        rows += [(s, "SNP", str(t + 1), 1_000_000 * (i + 1)) for i, s in enumerate(snps)]
        for i, s in enumerate(snps):
            edges.append((s, "NEAREST_TO", genes[i % PER_THEME]))
            chosen = rng.permutation(PER_THEME)[:4]
            for j in chosen[:3]:
                effect = 0.1 + 0.8 * (t / THEMES)
                p = 8 + 5 * rng.random()
                edges.append((s, "ASSOCIATED_WITH", diseases[j], p / (p + 7.3), p, effect))
                gwas.append((s, diseases[j], p / (p + 7.3), effect))
            held.append((s, diseases[chosen[3]]))
        for g in genes:
            for d in drugs:
                if rng.random() < 0.6:
                    edges.append((d, "TARGETS", g))
                    kg.append((d, g, 1.0, nan))
        for i, d in enumerate(diseases[1:]):
            edges.append((d, "IS_A", diseases[0]))
            hierarchy.append((d, diseases[0], 1.0, nan))
            synonyms.append((d, len(texts), 1.0, nan))
            texts.append(f"{word} illness {i + 1}")
    nodes = nodes_of(rows)
    ids = nodes.ids
    tasks = {
        "gwas": pairs_of(ids, gwas),
        "kg": pairs_of(ids, kg),
        "hierarchy": pairs_of(ids, hierarchy),
        "synonym": pairs_of(ids, synonyms, texts),
        "snp_gene": pairs_of(ids, [(a, b, 1.0, nan) for a, type_, b, *_ in edges if type_ == "NEAREST_TO"]),
    }
    corpus = Corpus(digest=f"planted-{seed}", nodes=nodes, edges=edges_of(ids, edges), tasks=tasks)
    return corpus, [(ids.index(a), ids.index(b)) for a, b in held]


def with_negated_edges(corpus):
    """The corpus with a negated edge from each SNP to a disease of the next theme, to which it has no other edge."""
    ids, edges = corpus.nodes.ids, corpus.edges
    snps = [id_ for id_ in ids if id_.startswith("rs")]
    rows = [(s, "NOT_ASSOCIATED_WITH", f"MONDO:{(int(s[2]) + 1) % THEMES}{int(s[3:]) % PER_THEME}") for s in snps]
    more = edges_of(ids, rows)
    both = {f: np.concatenate([getattr(edges, f), getattr(more, f)]) for f in ARRAYS if f != "type"}
    type_ = np.concatenate([edges.type, more.type + len(edges.types)]).astype(np.int16)
    return replace(corpus, edges=EdgeArrays(types=edges.types + more.types, type=type_, **both))


@pytest.fixture(scope="session")
def words():
    return WordEncoder()


@pytest.fixture(scope="session")
def planted_corpus():
    return planted()


@pytest.fixture(scope="session")
def negated_corpus(planted_corpus):
    return with_negated_edges(planted_corpus[0])


@pytest.fixture(scope="session")
def build():
    """The builders, for tests that build a corpus of their own."""

    class Builders:
        nodes, edges, pairs = staticmethod(nodes_of), staticmethod(edges_of), staticmethod(pairs_of)

        @staticmethod
        def corpus(rows, edges, tasks=None, clusters=None, digest="built"):
            nodes = nodes_of(rows, clusters)
            named = {name: pairs_of(nodes.ids, p) for name, p in (tasks or {}).items()}
            return Corpus(digest, nodes, edges_of(nodes.ids, edges), named)

        @staticmethod
        def without(corpus, drop):
            """The corpus without the edges at which the mask `drop` is true."""
            e, keep = corpus.edges, ~drop
            arrays = {f: getattr(e, f)[keep] for f in ARRAYS}
            return replace(corpus, edges=EdgeArrays(types=e.types, **arrays))

    return Builders


@pytest.fixture(scope="session")
def shared_words():
    return WordEncoder()
