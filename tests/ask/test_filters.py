"""Weighted queries, filters and names: which clusters are hits, and in which order."""

from __future__ import annotations

import numpy as np
import pytest

from generel_etl.errors import NotFoundError, UsageError
from tests.ask.conftest import IMMUNE, SUGAR, ids


def unit(vector: np.ndarray) -> np.ndarray:
    return vector / np.linalg.norm(vector)


def test_several_texts_are_scored_by_their_weighted_mean(shared_world) -> None:
    answer = shared_world.ask(["rheumatoid arthritis", "type 2 diabetes"], 20, weights=[2, 1])
    assert answer.resolved_by == "mixture"
    assert [(t.id, w) for t, w in zip(answer.terms, answer.weights, strict=True)] == [
        ("MONDO:0008383", 2),
        ("MONDO:0005148", 1),
    ]
    assert {"MONDO:0008383", "MONDO:0005148"}.isdisjoint(ids(answer))
    for hit in answer.hits:
        v = unit(shared_world.vectors[hit.id])
        assert hit.score == pytest.approx(float(2 * v @ IMMUNE + v @ SUGAR) / 3, abs=1e-4)
    assert [h.score for h in answer.hits] == sorted((h.score for h in answer.hits), reverse=True)
    assert answer.sentence().splitlines()[0].startswith("+2  'rheumatoid arthritis' is the name of")


def test_each_text_of_a_mixture_has_its_own_constant(shared_world) -> None:
    """The constant of a gene and an SNP is 2, that of a disease and an SNP is 1."""
    answer = shared_world.ask(["CTLA4", "type 2 diabetes"], 5, "SNP")
    for hit in answer.hits:
        v = unit(shared_world.vectors[hit.id])
        gene = unit(shared_world.vectors["HGNC:2505"])
        assert hit.score == pytest.approx(float(0.5 * v @ gene + v @ SUGAR) / 2, abs=1e-4)


def test_minus_moves_away_and_texts_that_cancel_are_rejected(shared_world) -> None:
    plain, without = (
        shared_world.ask("type 1 diabetes", 5, "SNP", **how) for how in ({}, {"minus": "type 2 diabetes"})
    )
    assert ids(plain)[0] == "rs2476601"
    assert ids(without)[-1] == "rs689", "what is only sugar comes last"
    assert [h.linked for h in without.hits if h.id == "rs689"] == [True], "only links to the positive texts count"
    with pytest.raises(UsageError, match="cancel"):
        shared_world.ask("RA", minus="MONDO:0008383")


def test_free_texts_and_nodes_can_be_combined(shared_world) -> None:
    answer = shared_world.ask(["sweet blood", "rs1333049"], 1, "Disease")
    assert [term.resolved_by for term in answer.terms] == ["text", "rsid"]
    assert answer.hits[0].id in {"MONDO:0005148", "MONDO:0005010"}


def test_not_linked_excludes_linked_hits_of_any_type_or_of_given_types(shared_world) -> None:
    every = shared_world.ask("rs2476601", 20)
    linked = {hit.id: hit.links for hit in every.hits if hit.linked}
    assert linked["MONDO:0008383"] == ("ASSOCIATED_WITH",)
    assert linked["HGNC:9652"] == ("LOCATED_IN",)
    assert ids(shared_world.ask("rs2476601", 20, not_linked=True)) == [i for i in ids(every) if i not in linked]
    found = ids(shared_world.ask("rs2476601", 20, not_linked_by="ASSOCIATED_WITH"))
    assert "HGNC:9652" in found
    assert "MONDO:0008383" not in found


def test_within_limits_the_number_of_edges(shared_world) -> None:
    one = shared_world.ask("rheumatoid arthritis", 20, within=1, of="CTLA4")
    assert set(ids(one)) == {"rs231775", "rs3087243", "DRUGBANK:DB01281", "HGNC:2505"}
    two = shared_world.ask("rheumatoid arthritis", 20, "Disease", within=2, of="CTLA4")
    assert ids(two) == ["MONDO:0005147"], "by way of rs231775; the question itself is no answer"
    with pytest.raises(NotFoundError, match="names no node"):
        shared_world.ask("rheumatoid arthritis", within=1, of="sweet blood")


def test_lexical_and_hybrid_rank_by_names(shared_world) -> None:
    words = shared_world.ask("diabetes type 2", 2, lexical=True)
    assert ids(words) == ["MONDO:0005148", "MONDO:0005147"]
    both = shared_world.ask("sweet blood", 5, hybrid=True)
    assert both.hits[0].id == "MONDO:0005148"
    assert ids(shared_world.ask("orenciaa", 1, lexical=True)) == ["DRUGBANK:DB01281"], "a letter too many"
    assert ids(shared_world.ask("diabetes type 2", 5, "Drug", lexical=True)) == []
    with pytest.raises(UsageError, match="needs a name"):
        shared_world.ask("rs2476601", lexical=True)


def test_long_text_is_truncated_and_reported(shared_world) -> None:
    answer = shared_world.ask("sweet blood and " * 700, 2)
    assert answer.terms[0].is_truncated
    assert "longer than the encoder reads" in answer.sentence()
    assert len(answer.sentence()) < 1_000


def test_k_above_the_number_of_clusters_returns_all(shared_world) -> None:
    assert len(shared_world.ask("RA", 1_000_000).hits) == len(shared_world.vectors) - 1
    assert len(shared_world.ask("RA", 1_000_000, exact=True).hits) == len(shared_world.vectors) - 1
