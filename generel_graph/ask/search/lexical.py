"""Concepts by the words of a text, and the concepts nearest to a free text, by words and vector."""

from __future__ import annotations

import re
from collections.abc import Sequence

from generel_etl.schema import CONCEPT_KINDS
from generel_graph.ask.clusters import EntityRef, read_clusters
from generel_graph.ask.pinned_model import PinnedModel
from generel_graph.ask.search.filters import SearchFilter
from generel_graph.ask.search.mixture import Part, WeightedQuery
from generel_graph.ask.search.nearest import nearest
from generel_graph.ask.space import Space, Vector
from generel_graph.graph import Graph

SHOWN = 5  # concepts
CANDIDATES = 50  # of each ranking
RANK_CONSTANT = 60  # of reciprocal rank fusion (Cormack, Clarke, Büttcher, SIGIR 2009)
OFFERED = 5_000  # candidates from the full-text index, of all kinds
MOST_WORDS = 64  # of a text; names are shorter, and Lucene accepts 1,024 clauses
FUZZY_FROM = 5  # letters; shorter words have too many fuzzy matches
_WORD = re.compile(r"\w+")


def named_by(
    graph: Graph, model: PinnedModel, space: Space, text: str, vector: Vector, shown: int = SHOWN
) -> tuple[EntityRef, ...]:
    """The concepts nearest to a text with its vector [dimension]: words and vector, fused by reciprocal rank.

    Raises ActiveModelChanged.
    """
    near = nearest(graph, model, space, WeightedQuery([Part(vector, "")]), SearchFilter(CONCEPT_KINDS), CANDIDATES)
    order = fuse([by_words(graph, text), [n.cluster for n in near]])[:shown]
    clusters = read_clusters(graph, order)
    return tuple(clusters[id_].head for id_ in order if id_ in clusters)


def by_words(graph: Graph, text: str, kinds: Sequence[str] = CONCEPT_KINDS, shown: int = CANDIDATES) -> list[str]:
    """Clusters of `kinds` whose names share words with `text`, allowing one edit per word, the most similar first."""
    words = list(dict.fromkeys(word.lower() for word in _WORD.findall(text)))[:MOST_WORDS]
    if not words:
        return []
    terms = [w for word in words for w in ([word, f"{word}~1"] if len(word) >= FUZZY_FROM else [word])]
    rows = graph.rows(
        "ask/find_words", query=" ".join(terms), kinds=list(kinds), offered=OFFERED, limit=4 * max(shown, CANDIDATES)
    )
    of_text = trigrams(text)
    ranked = sorted(rows, key=lambda row: (-max(_dice(of_text, trigrams(n)) for n in row["names"] if n), row["id"]))
    return list(dict.fromkeys(row["cluster"] for row in ranked))[:shown]


def trigrams(text: str) -> frozenset[str]:
    """The trigrams of a text's words, padded with blanks."""
    return frozenset(
        padded[i : i + 3]
        for word in _WORD.findall(text.lower())
        for padded in [f"  {word} "]
        for i in range(len(padded) - 2)
    )


def fuse(rankings: Sequence[Sequence[str]]) -> list[str]:
    """Fuse rankings: the score of an item is the sum of 1 / (60 + its rank)."""
    scores: dict[str, float] = {}
    for ranking in rankings:
        for rank, item in enumerate(ranking, start=1):
            scores[item] = scores.get(item, 0.0) + 1 / (RANK_CONSTANT + rank)
    return sorted(scores, key=lambda item: (-scores[item], item))


def _dice(left: frozenset[str], right: frozenset[str]) -> float:
    """Dice coefficient of two sets, 0 … 1."""
    return 2 * len(left & right) / (len(left) + len(right)) if left or right else 0.0
