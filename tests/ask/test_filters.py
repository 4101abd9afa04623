"""Mixtures, filters and names: the hits are those that a look at every node would give, on every server."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from generel_graph.ask import Question, search
from generel_graph.errors import NotFoundError, UsageError

DIMENSION = 8
IMMUNE, SUGAR, HEART = np.eye(DIMENSION, dtype=np.float32)[:3]


def ask(world, text, *args, **how):
    return search(world.graph, world.spaces, Question.read(text, *args, **how))


def ids(answer) -> list[str]:
    return [hit.id for hit in answer.hits]


def unit(vector: np.ndarray) -> np.ndarray:
    return vector / np.linalg.norm(vector)


def test_several_ends_are_asked_as_their_weighted_mean(world) -> None:
    answer = ask(world, ["rheumatoid arthritis", "type 2 diabetes"], 20, weights=[2, 1])
    assert answer.resolved_by == "mixture"
    assert [(end.resolved_id, end.weight) for end in answer.ends] == [("MONDO:0008383", 2), ("MONDO:0005148", 1)]
    assert {"MONDO:0008383", "MONDO:0005148"}.isdisjoint(ids(answer))
    for hit in answer.hits:
        v = unit(world.vectors[hit.id])
        assert hit.score == pytest.approx(float(2 * v @ IMMUNE + v @ SUGAR) / 3, abs=1e-4)
    assert [h.score for h in answer.hits] == sorted((h.score for h in answer.hits), reverse=True)
    assert answer.sentence().splitlines()[0].startswith("+2  'rheumatoid arthritis' is the name of")


def test_each_end_of_a_mixture_has_its_own_constant(world) -> None:
    """A gene asks SNPs with half the cosine, a disease with all of it."""
    answer = ask(world, ["CTLA4", "type 2 diabetes"], 5, "SNP")
    for hit in answer.hits:
        v = unit(world.vectors[hit.id])
        gene = unit(world.vectors["HGNC:2505"])
        assert hit.score == pytest.approx(float(0.5 * v @ gene + v @ SUGAR) / 2, abs=1e-4)


def test_minus_leads_away_and_what_cancels_is_told(world) -> None:
    plain, without = (ask(world, "type 1 diabetes", 5, "SNP", **how) for how in ({}, {"minus": "type 2 diabetes"}))
    assert ids(plain)[0] == "rs2476601"
    assert ids(without)[-1] == "rs689", "what is only sugar comes last"
    assert [h.linked for h in without.hits if h.id == "rs689"] == [True], "links count of what is asked for"
    with pytest.raises(UsageError, match="cancel"):
        ask(world, "RA", minus="MONDO:0008383")


def test_free_texts_and_nodes_mix(world) -> None:
    answer = ask(world, ["sweet blood", "rs1333049"], 1, "Disease")
    assert [end.resolved_by for end in answer.ends] == ["text", "rsid"]
    assert answer.hits[0].id in {"MONDO:0005148", "MONDO:0005010"}


def test_not_linked_leaves_out_what_is_linked_by_any_or_by_some_types(world) -> None:
    every = ask(world, "rs2476601", 20)
    linked = {hit.id: hit.links for hit in every.hits if hit.linked}
    assert linked["MONDO:0008383"] == ("ASSOCIATED_WITH",)
    assert linked["HGNC:9652"] == ("LOCATED_IN",)
    assert ids(ask(world, "rs2476601", 20, not_linked=())) == [i for i in ids(every) if i not in linked]
    found = ids(ask(world, "rs2476601", 20, not_linked="ASSOCIATED_WITH"))
    assert "HGNC:9652" in found
    assert "MONDO:0008383" not in found


def test_a_denied_link_is_shown_but_links_nothing(world) -> None:
    edge = {"start": "rs1333049", "end": "MONDO:0008383", "props": {"source": "toy", "key": "deny"}}
    world.graph.batches("load/create_edges", [edge], type="NOT_ASSOCIATED_WITH")
    hit = next(h for h in ask(world, "rs1333049", 20, not_linked=()).hits if h.id == "MONDO:0008383")
    assert (hit.linked, hit.links) == (False, ("NOT_ASSOCIATED_WITH",))


def test_within_so_many_edges(world) -> None:
    one = ask(world, "rheumatoid arthritis", 20, within=1, of="CTLA4")
    assert set(ids(one)) == {"rs231775", "rs3087243", "DRUGBANK:DB01281", "HGNC:2505"}
    two = ask(world, "rheumatoid arthritis", 20, "Disease", within=2, of="CTLA4")
    assert ids(two) == ["MONDO:0005147"], "by way of rs231775; the question itself is no answer"
    with pytest.raises(NotFoundError, match="names no node"):
        ask(world, "rheumatoid arthritis", within=1, of="sweet blood")


def test_a_region_holds_snps_of_its_build(world) -> None:
    with world.graph.driver.session() as session:
        session.run("MATCH (s:SNP) SET s.build = 'GRCh38'").consume()
    assert set(ids(ask(world, "RA", 20, region="2"))) == {"rs231775", "rs3087243"}
    assert ids(ask(world, "RA", 20, region="GRCh38:2:203870000-203880000")) == ["rs3087243"]
    assert ids(ask(world, "RA", 20, region="GRCh37:2:203870000-203880000")) == []


def test_of_a_locus_one_snp_is_shown_and_the_places_are_filled(world) -> None:
    assert ids(ask(world, "RA", 3, "SNP", one_per_locus=True)) == ["rs231775", "rs2476601", "rs1333049"]
    near = IMMUNE + 1e-3 * np.random.default_rng(1).normal(size=(400, DIMENSION)).astype(np.float32)
    world.add([world.snp(f"rs7{i:03}", "6", 25_000_000 + i * 20_000) for i in range(400)], near)
    found = ask(world, "RA", 4, "SNP", one_per_locus=True)
    assert found.hits[0].id.startswith("rs7")
    assert ids(found)[1:] == ["rs231775", "rs2476601", "rs1333049"], "the MHC is one locus"


def test_names_win_where_they_are_asked_for(world) -> None:
    words = ask(world, "diabetes type 2", 2, by="words")
    assert ids(words) == ["MONDO:0005148", "MONDO:0005147"]
    both = ask(world, "sweet blood", 5, by="both")
    assert both.hits[0].id == "MONDO:0005148"
    assert ids(ask(world, "orenciaa", 1, by="words")) == ["DRUGBANK:DB01281"], "a letter too many"
    assert ids(ask(world, "diabetes type 2", 5, "Drug", by="words")) == []
    with pytest.raises(UsageError, match="no words"):
        ask(world, "rs2476601", by="words")


def test_a_long_text_is_asked_by_its_beginning_and_says_so(world) -> None:
    answer = ask(world, "sweet blood and " * 700, 2)
    assert answer.ends[0].cut
    assert "longer than the encoder reads" in answer.sentence()
    assert len(answer.sentence()) < 1_000


def test_without_its_index_a_question_is_answered_all_the_same(world) -> None:
    before = ask(world, "RA", 5)
    with world.graph.driver.session() as session:
        for record in list(session.run("SHOW VECTOR INDEXES YIELD name")):
            session.run("DROP INDEX $name", name=record["name"]).consume()
    assert ids(ask(world, "RA", 5)) == ids(before)


def test_more_than_there_is_gives_all_there_is(world) -> None:
    assert len(ask(world, "RA", 1_000_000).hits) == len(world.vectors) - 1
    assert len(ask(world, "RA", 1_000_000, exact=True).hits) == len(world.vectors) - 1


def test_filters_never_give_fewer_than_k_that_exist(world) -> None:
    """Random filters over a crowd, against a look at every node."""
    random = np.random.default_rng(0)
    rows = [world.snp(f"rs8{i:04}", str(1 + i % 3), 1_000_000 * (i % 50) + i) for i in range(900)]
    rows += [world.concept(f"X:{i}", "Disease", f"crowd {i}", f"X:{i - i % 3}") for i in range(300)]
    world.add(rows, random.normal(size=(len(rows), DIMENSION)).astype(np.float32) + 2 * IMMUNE)
    edges = [(f"rs8{i:04}", f"X:{i % 300}") for i in range(0, 900, 7)] + [("X:3", "X:9"), ("rs80005", "MONDO:0008383")]
    for source, part in {"one": edges[::2], "two": edges[1::2]}.items():
        props = {"source": source}
        rows = [{"start": a, "end": b, "props": props | {"key": f"{a}-{b}"}} for a, b in part]
        world.graph.batches("load/create_edges", rows, type="ASSOCIATED_WITH")
    kinds = st.sampled_from([None, "SNP", "Disease", ["Disease", "Drug"]])
    hows = st.fixed_dictionaries(
        {},
        optional={
            "source": st.sampled_from(["one", "two", "toy"]),
            "region": st.sampled_from(["1", "2", "X"]),
            "not_linked": st.sampled_from([(), "ASSOCIATED_WITH"]),
            "one_per_locus": st.booleans(),
        },
    )
    places = st.one_of(st.just({}), st.fixed_dictionaries({"within": st.integers(1, 3), "of": st.just("X:9")}))
    texts = st.sampled_from(["X:9", "RA", "sweet blood", "rs80005", ["X:9", "sweet blood"]])

    @settings(max_examples=25, suppress_health_check=list(HealthCheck), deadline=None)
    @given(texts, st.integers(1, 40), kinds, hows, places)
    def check(text, k, kind, how, place) -> None:
        found = ask(world, text, k, kind, **how, **place)
        exact = ask(world, text, k, kind, exact=True, **how, **place)
        assert len(found.hits) == len(exact.hits)
        assert [h.score for h in found.hits] == pytest.approx([h.score for h in exact.hits], abs=0.02)
        allowed = ask(world, text, 10_000, kind, exact=True, **how, **place)
        assert len(found.hits) == min(k, len(allowed.hits))
        assert set(ids(found)) <= set(ids(allowed))

    check()
