"""Which concepts a free text names most nearly: by its words and by its vector, fused by reciprocal rank."""

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
CANDIDATES = 50  # of each of the two ways
RANK_CONSTANT = 60  # of reciprocal rank fusion (Cormack, Clarke, Büttcher, SIGIR 2009)
OFFERED = 5_000  # concepts that the full-text index may offer, of all kinds
MOST_WORDS = 64  # of a text; what is longer is no name, and Lucene takes 1,024 clauses
FUZZY_FROM = 5  # letters; shorter words are too like each other
_WORD = re.compile(r"\w+")


def named_by(
    graph: Graph, model: PinnedModel, space: Space, text: str, vector: Vector, shown: int = SHOWN
) -> tuple[EntityRef, ...]:
    """The concepts that `text`, with its `vector` [dimension] in the space, is nearest to, best first.

    Raises ActiveModelChanged.
    """
    near = nearest(graph, model, space, WeightedQuery([Part(vector, "")]), SearchFilter(CONCEPT_KINDS), CANDIDATES)
    order = fuse([by_words(graph, text), [n.cluster for n in near]])[:shown]
    clusters = read_clusters(graph, order)
    return tuple(clusters[id_].head for id_ in order if id_ in clusters)


def by_words(graph: Graph, text: str, kinds: Sequence[str] = CONCEPT_KINDS, shown: int = CANDIDATES) -> list[str]:
    """Clusters of `kinds` whose names share words with `text`, a letter wrong here or there, likest names first."""
    words = list(dict.fromkeys(word.lower() for word in _WORD.findall(text)))[:MOST_WORDS]
    if not words:
        return []
    terms = [w for word in words for w in ([word, f"{word}~1"] if len(word) >= FUZZY_FROM else [word])]
    rows = graph.rows(
        "ask/find_words", query=" ".join(terms), kinds=list(kinds), offered=OFFERED, limit=4 * max(shown, CANDIDATES)
    )
    asked = trigrams(text)
    ranked = sorted(rows, key=lambda row: (-max(_dice(asked, trigrams(n)) for n in row["names"] if n), row["id"]))
    return list(dict.fromkeys(row["cluster"] for row in ranked))[:shown]


def trigrams(text: str) -> frozenset[str]:
    """The runs of three letters of a text's words, with blanks around each word."""
    return frozenset(
        padded[i : i + 3]
        for word in _WORD.findall(text.lower())
        for padded in [f"  {word} "]
        for i in range(len(padded) - 2)
    )


def fuse(rankings: Sequence[Sequence[str]]) -> list[str]:
    """One order of several: each item has the sum of 1 / (60 + its rank)."""
    scores: dict[str, float] = {}
    for ranking in rankings:
        for rank, item in enumerate(ranking, start=1):
            scores[item] = scores.get(item, 0.0) + 1 / (RANK_CONSTANT + rank)
    return sorted(scores, key=lambda item: (-scores[item], item))


def _dice(left: frozenset[str], right: frozenset[str]) -> float:
    """Shared trigrams, 0 … 1."""
    return 2 * len(left & right) / (len(left) + len(right)) if left or right else 0.0
