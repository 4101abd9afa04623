"""The vectors of resolved texts, and their cosines."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from generel_graph.ask.entity_linking import EntityLink
from generel_graph.ask.pinned_model import PinnedModel, stored_vectors
from generel_graph.ask.space import SnpVector, Space, Vector
from generel_graph.graph import Graph

CHUNK = 2_000  # ids per statement
PAIRS = 20_000  # scored at once: about 100 MB


def vectors_of(
    graph: Graph, model: PinnedModel, space: Space, links: Mapping[str, EntityLink]
) -> dict[str, tuple[str, Vector]]:
    """Kind ("" of a free text) and vector [dimension] of each text that has one.

    Raises ActiveModelChanged.
    """
    ids = sorted({link.id for link in links.values() if link.id is not None})
    stored: dict[str, tuple[str, Vector]] = {}
    for begin in range(0, len(ids), CHUNK):
        stored |= stored_vectors(graph, model, ids[begin : begin + CHUNK])
    vectors = {text: stored[link.id] for text, link in links.items() if link.id in stored}
    new_snps = {text: link.snp for text, link in links.items() if link.snp is not None}
    if new_snps:
        of_snps = space.snp_vectors(sorted(set(new_snps.values())))
        of_texts = {text: of_snps[snp] for text, snp in new_snps.items()}
        vectors |= {text: ("SNP", snp.vector) for text, snp in of_texts.items() if isinstance(snp, SnpVector)}
    free = [text for text, link in links.items() if link.id is None and not link.is_code]
    if free:
        vectors |= {text: ("", vector) for text, vector in zip(free, space.text_vectors(free), strict=True)}
    return vectors


def pairwise(space: Space, left: Vector, left_kind: str, right: Vector, right_kind: str) -> Vector:
    """The score of each row of `left` [n, d] with the same row of `right` [n, d], −1 … 1; a single row is repeated.

    Each side has one kind ("" for free texts).
    """
    if not right_kind:  # the query side must be the text: query vectors and stored vectors differ
        left, left_kind, right, right_kind = right, right_kind, left, left_kind
    queries, constant = space.query_vectors(left, left_kind, right_kind or None)
    lengths = np.linalg.norm(queries, axis=1) * np.linalg.norm(right, axis=1)
    cosines = np.einsum("nd,nd->n", queries, right) / np.maximum(lengths, 1e-12)
    return np.asarray(np.clip(cosines / constant, -1.0, 1.0), dtype=np.float32)


def cosines(
    space: Space, vectors: Mapping[str, tuple[str, Vector]], lefts: Sequence[str], rights: Sequence[str]
) -> list[float | None]:
    """The score (−1 … 1) of each pair; None if an endpoint has no vector. `vectors`: kind ("": a text) and vector."""
    groups: dict[tuple[str, str], list[int]] = {}
    for row, (left, right) in enumerate(zip(lefts, rights, strict=True)):
        if left in vectors and right in vectors:
            groups.setdefault((vectors[left][0], vectors[right][0]), []).append(row)
    scores: list[float | None] = [None] * len(lefts)
    for (left_kind, right_kind), rows in groups.items():
        for begin in range(0, len(rows), PAIRS):
            part = rows[begin : begin + PAIRS]
            a = np.stack([vectors[lefts[row]][1] for row in part])
            b = np.stack([vectors[rights[row]][1] for row in part])
            for row, value in zip(part, pairwise(space, a, left_kind, b, right_kind), strict=True):
                scores[row] = float(value)
    return scores


def crosswise(space: Space, left: Vector, left_kind: str, right: Vector, right_kind: str) -> Vector:
    """As `pairwise`, for each row of `left` [n, d] with each of `right` [m, d]: [n, m]; `right_kind` is not ""."""
    queries, constant = space.query_vectors(left, left_kind, right_kind)
    cosines = _unit(queries) @ _unit(right).T
    return np.asarray(np.clip(cosines / constant, -1.0, 1.0), dtype=np.float32)


def _unit(vectors: Vector) -> Vector:
    return np.asarray(vectors / np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-12), dtype=np.float32)
