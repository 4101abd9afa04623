"""Search while the graph changes: filters, a missing index, another active model."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from generel_etl.errors import NotFoundError
from generel_graph.ask import SearchQuery, search
from tests.ask.conftest import DIMENSION, IMMUNE, ids


def test_negative_link_is_shown_but_does_not_count(world) -> None:
    edge = {"start": "rs1333049", "end": "MONDO:0008383", "props": {"source": "toy", "key": "deny"}}
    world.graph.batches("load/create_edges", [edge], type="NOT_ASSOCIATED_WITH")
    hit = next(h for h in world.ask("rs1333049", 20, not_linked=True).hits if h.id == "MONDO:0008383")
    assert (hit.linked, hit.links) == (False, ("NOT_ASSOCIATED_WITH",))


def test_region_has_snps_of_its_build(world) -> None:
    with world.graph.driver.session() as session:
        session.run("MATCH (s:SNP) SET s.build = 'GRCh38'").consume()
    assert set(ids(world.ask("RA", 20, region="2"))) == {"rs231775", "rs3087243"}
    assert ids(world.ask("RA", 20, region="GRCh38:2:203870000-203880000")) == ["rs3087243"]
    assert ids(world.ask("RA", 20, region="GRCh37:2:203870000-203880000")) == []


def test_one_per_locus_still_returns_k_hits(world) -> None:
    assert ids(world.ask("RA", 3, "SNP", one_per_locus=True)) == ["rs231775", "rs2476601", "rs1333049"]
    near = IMMUNE + 1e-3 * np.random.default_rng(1).normal(size=(400, DIMENSION)).astype(np.float32)
    world.add([world.snp(f"rs7{i:03}", "6", 25_000_000 + i * 20_000) for i in range(400)], near)
    found = world.ask("RA", 4, "SNP", one_per_locus=True)
    assert found.hits[0].id.startswith("rs7")
    assert ids(found)[1:] == ["rs231775", "rs2476601", "rs1333049"], "the MHC is one locus"


def test_search_works_without_the_vector_index(world) -> None:
    before = world.ask("RA", 5)
    with world.graph.driver.session() as session:
        for record in list(session.run("SHOW VECTOR INDEXES YIELD name")):
            session.run("DROP INDEX $name", name=record["name"]).consume()
    assert ids(world.ask("RA", 5)) == ids(before)


def test_random_filters_return_k_hits_if_they_exist(world) -> None:
    """Random filters over many nodes, compared with a scan of every node."""
    random = np.random.default_rng(0)
    rows = [world.snp(f"rs8{i:04}", str(1 + i % 3), 1_000_000 * (i % 50) + i) for i in range(600)]
    rows += [world.concept(f"X:{i}", "Disease", f"crowd {i}", f"X:{i - i % 3}") for i in range(150)]
    world.add(rows, random.normal(size=(len(rows), DIMENSION)).astype(np.float32) + 2 * IMMUNE)
    edges = [(f"rs8{i:04}", f"X:{i % 150}") for i in range(0, 600, 5)] + [("X:3", "X:9"), ("rs80005", "MONDO:0008383")]
    for source, part in {"one": edges[::2], "two": edges[1::2]}.items():
        props = {"source": source}
        rows = [{"start": a, "end": b, "props": props | {"key": f"{a}-{b}"}} for a, b in part]
        world.graph.batches("load/create_edges", rows, type="ASSOCIATED_WITH")
    kinds = st.sampled_from([None, "SNP", "Disease", ["Disease", "Drug"]])
    filters = st.fixed_dictionaries(
        {},
        optional={
            "source": st.sampled_from(["one", "two", "toy"]),
            "region": st.sampled_from(["1", "2", "X"]),
            "not_linked": st.booleans(),
            "not_linked_by": st.just("ASSOCIATED_WITH"),
            "one_per_locus": st.booleans(),
        },
    )
    distances = st.one_of(st.just({}), st.fixed_dictionaries({"within": st.integers(1, 3), "of": st.just("X:9")}))
    texts = st.sampled_from(["X:9", "RA", "sweet blood", "rs80005", ["X:9", "sweet blood"]])

    @settings(max_examples=25, suppress_health_check=list(HealthCheck), deadline=None)
    @given(texts, st.integers(1, 40), kinds, filters, distances)
    def check(text, k, kind, options, distance) -> None:
        found = world.ask(text, k, kind, **options, **distance)
        allowed = world.ask(text, 10_000, kind, exact=True, **options, **distance)
        assert len(found.hits) == min(k, len(allowed.hits))
        assert set(ids(found)) <= set(ids(allowed))
        if found.hits:  # the index may miss one of many, not more
            short = np.subtract([h.score for h in allowed.hits[:k]], [h.score for h in found.hits])
            assert short.min() > -1e-3
            assert short.mean() < 0.02

    check()


def test_other_concepts_of_an_ambiguous_name_are_listed(world) -> None:
    world.add([world.concept("HGNC:9999", "Gene", "RA")], np.stack([IMMUNE]))
    answer = world.ask("ra", 1)
    assert (answer.resolved_by, answer.resolved_id) == ("name", "HGNC:9999"), "a name before a synonym"
    assert answer.as_json()["others"] == ({"id": "MONDO:0008383", "kind": "Disease", "name": "rheumatoid arthritis"},)
    assert answer.sentence() == (
        "'ra' is the name of RA (Gene, HGNC:9999); other concepts of this name: "
        "rheumatoid arthritis (Disease, MONDO:0008383) (use a code to choose)"
    )


def test_kind_filter_returns_k_hits_if_they_exist(world) -> None:
    """A thousand members of one cluster and 600 SNPs are nearer than the few drugs and diseases."""
    random = np.random.default_rng(0)
    close = IMMUNE + 1e-3 * random.normal(size=(1_600, DIMENSION)).astype(np.float32)
    crowd = [world.concept(f"X:{i}", "Disease", f"crowd {i}", "X:0") for i in range(1_000)]
    crowd += [world.snp(f"rs9{i:04}", "3", 1_000 + i) for i in range(600)]
    world.add(crowd, close)
    diseases = world.ask("abatacept", k=5, kind="Disease")
    assert set(ids(diseases)) == {"X:0", "MONDO:0008383", "MONDO:0005147", "MONDO:0005148", "MONDO:0005010"}
    assert len(diseases.hits[0].codes) == 999
    assert ids(world.ask("rheumatoid arthritis", k=10, kind="Drug")) == ["DRUGBANK:DB01281"]
    assert len(world.ask("PTPN22", k=300, kind="SNP").hits) == 300
    assert world.ask("PTPN22", k=3, kind="Pathway").hits == ()


def test_search_is_repeated_if_another_model_becomes_active(world) -> None:
    old = world.ask("sweet blood", k=1).model
    world.vectors = {id_: np.roll(vector, 3) for id_, vector in world.vectors.items()}
    opened: list[str] = []

    class Rolled(world.space):
        def text_vectors(self, texts):
            vectors = super().text_vectors(texts)
            return vectors if self.model_id == old else np.roll(vectors, 3, axis=1)

    def spaces(model_id: str):
        opened.append(model_id)
        if len(opened) == 1:
            world.write("rolled")  # a sync that ends between two statements of the query
        return Rolled(model_id)

    answer = search(world.graph, spaces, SearchQuery.read("sweet blood", k=2, kind="Disease"))
    assert opened == [old, "rolled"]
    assert answer.model == "rolled"
    assert answer.hits[0].id == "MONDO:0005148"
    assert answer.hits[0].score == pytest.approx(1.0, abs=1e-4)


def test_missing_active_model_names_the_next_step(world) -> None:
    with world.graph.driver.session() as session:
        session.run("MATCH (m:Model) REMOVE m.active").consume()
    with pytest.raises(NotFoundError, match="generel-graph sync"):
        world.ask("rs2476601")
