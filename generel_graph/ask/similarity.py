"""Where texts lie, whatever they name or mean, and the cosine of two of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from generel_graph.ask.entity_linking import EntityLink
from generel_graph.ask.pinned_model import PinnedModel, stored_vectors
from generel_graph.ask.space import SnpVector, Space, Vector
from generel_graph.graph import Graph

CHUNK = 2_000  # ids a statement
PAIRS = 20_000  # scored at once: some 100 MB


def vectors_of(
    graph: Graph, model: PinnedModel, space: Space, links: Mapping[str, EntityLink]
) -> dict[str, tuple[str, Vector]]:
    """Kind ("" of a free text) and vector [dimension] of each text that has one: stored, placed, or its own.

    Raises ActiveModelChanged.
    """
    ids = sorted({found.id for found in links.values() if found.id is not None})
    stored: dict[str, tuple[str, Vector]] = {}
    for begin in range(0, len(ids), CHUNK):
        stored |= stored_vectors(graph, model, ids[begin : begin + CHUNK])
    found = {text: stored[known.id] for text, known in links.items() if known.id in stored}
    unloaded = {text: known.snp for text, known in links.items() if known.snp is not None}
    if unloaded:
        places = space.snp_vectors(sorted(set(unloaded.values())))
        at = {text: places[snp] for text, snp in unloaded.items()}
        found |= {text: ("SNP", place.vector) for text, place in at.items() if isinstance(place, SnpVector)}
    free = [text for text, known in links.items() if known.id is None and not known.coded]
    if free:
        found |= {text: ("", vector) for text, vector in zip(free, space.text_vectors(free), strict=True)}
    return found


def pairwise(space: Space, left: Vector, left_kind: str, right: Vector, right_kind: str) -> Vector:
    """The score of each row of `left` [n, d] with the same row of `right` [n, d], −1 … 1; one row goes with all.

    Each side is of one kind ("" of free texts).
    """
    if not right_kind:  # a text asks, a node is asked: their vectors are of two forms
        left, left_kind, right, right_kind = right, right_kind, left, left_kind
    questions, constant = space.query_vectors(left, left_kind, right_kind or None)
    lengths = np.linalg.norm(questions, axis=1) * np.linalg.norm(right, axis=1)
    cosines = np.einsum("nd,nd->n", questions, right) / np.maximum(lengths, 1e-12)
    return np.asarray(np.clip(cosines / constant, -1.0, 1.0), dtype=np.float32)


def cosines(
    space: Space, vectors: Mapping[str, tuple[str, Vector]], lefts: Sequence[str], rights: Sequence[str]
) -> list[float | None]:
    """The score (−1 … 1) of each pair, None where an end has no vector; `vectors`: kind ("" of a text) and vector."""
    groups: dict[tuple[str, str], list[int]] = {}
    for row, (left, right) in enumerate(zip(lefts, rights, strict=True)):
        if left in vectors and right in vectors:
            groups.setdefault((vectors[left][0], vectors[right][0]), []).append(row)
    found: list[float | None] = [None] * len(lefts)
    for (left_kind, right_kind), rows in groups.items():
        for begin in range(0, len(rows), PAIRS):
            part = rows[begin : begin + PAIRS]
            a = np.stack([vectors[lefts[row]][1] for row in part])
            b = np.stack([vectors[rights[row]][1] for row in part])
            for row, value in zip(part, pairwise(space, a, left_kind, b, right_kind), strict=True):
                found[row] = float(value)
    return found


def crosswise(space: Space, left: Vector, left_kind: str, right: Vector, right_kind: str) -> Vector:
    """As `pairwise`, each row of `left` [n, d] with each of `right` [m, d]: [n, m]; `right_kind` is not ""."""
    questions, constant = space.query_vectors(left, left_kind, right_kind)
    cosines = _unit(questions) @ _unit(right).T
    return np.asarray(np.clip(cosines / constant, -1.0, 1.0), dtype=np.float32)


def _unit(vectors: Vector) -> Vector:
    return np.asarray(vectors / np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-12), dtype=np.float32)
