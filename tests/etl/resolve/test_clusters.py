"""Equivalence of concepts, cross-references without equivalence, and representatives of clusters."""

from __future__ import annotations

import polars as pl
import pytest

from generel_etl.resolve import Resolved
from generel_etl.resolve.clusters import greedy_clusters
from generel_etl.resolve.equivalence import CROSS, CUI, EXACT
from tests.etl.conftest import MemoryStage, resolve_stages


def disease(row: int, concept: str, **more: object) -> dict[str, object]:
    return {"row": row, "id": concept, "kind": "Disease", "name": concept.lower(), "defined": True, **more}


def joined(result: Resolved, kind: str) -> set[tuple[str, str]]:
    return set(result.edges.filter(pl.col("type") == kind).select("start", "end").rows())


def clusters(result: Resolved) -> dict[str, str]:
    return dict(result.nodes.filter(pl.col("cluster").is_not_null()).select("id", "cluster").rows())


def test_one_to_one_cross_reference_joins_concepts() -> None:
    result = resolve_stages(
        MemoryStage.of_rows("mondo", concepts=[disease(1, "MONDO:1", xrefs=["DOID:1"])]),
        MemoryStage.of_rows("doid", concepts=[disease(1, "DOID:1")]),
    )
    assert joined(result, "SAME_AS") == {("DOID:1", "MONDO:1")}
    assert clusters(result) == {"DOID:1": "MONDO:1", "MONDO:1": "MONDO:1"}


def test_one_to_one_is_checked_over_all_sources() -> None:
    """MONDO refers to one DOID, but the DOID refers to another MONDO: neither pair is equivalent."""
    result = resolve_stages(
        MemoryStage.of_rows("mondo", concepts=[disease(1, "MONDO:1", xrefs=["DOID:1"]), disease(2, "MONDO:2")]),
        MemoryStage.of_rows("doid", concepts=[disease(1, "DOID:1", xrefs=["MONDO:2"])]),
    )
    assert joined(result, "SAME_AS") == set()
    assert joined(result, "XREF") == {("DOID:1", "MONDO:1"), ("DOID:1", "MONDO:2")}
    assert set(clusters(result).values()) == {"MONDO:1", "MONDO:2", "DOID:1"}


def test_mapping_table_counts_as_statements() -> None:
    mondo = MemoryStage.of_rows("mondo", concepts=[disease(1, "MONDO:1", xrefs=["DOID:1"])])
    doid = MemoryStage.of_rows("doid", concepts=[disease(1, "DOID:1"), disease(2, "DOID:2")])
    mapping = {"row": 1, "type": "XREF", "start_kind": "Disease", "end_kind": "Disease"}
    more = MemoryStage.of_rows("map", edges=[{**mapping, "start_id": "DOID:2", "end_id": "MONDO:1"}])
    assert joined(resolve_stages(mondo, doid), "SAME_AS") == {("DOID:1", "MONDO:1")}
    assert joined(resolve_stages(mondo, doid, more), "SAME_AS") == set()


def test_identity_edge_belongs_to_the_first_source_that_states_it() -> None:
    first = MemoryStage.of_rows("b_first", concepts=[disease(1, "MONDO:1", xrefs=["DOID:1"])])
    second = MemoryStage.of_rows("a_second", concepts=[disease(1, "DOID:1", xrefs=["MONDO:1"])])
    assert resolve_stages(first, second).edges["source"].to_list() == ["b_first"]
    assert resolve_stages(second, first).edges["source"].to_list() == ["a_second"]


def test_qualified_cross_reference_gives_only_an_xref() -> None:
    result = resolve_stages(
        MemoryStage.of_rows("mondo", concepts=[disease(1, "MONDO:1", inexact_xrefs=["DOID:1"])]),
        MemoryStage.of_rows("doid", concepts=[disease(1, "DOID:1", xrefs=["MONDO:1"])]),
    )
    assert joined(result, "SAME_AS") == set()
    assert joined(result, "XREF") == {("DOID:1", "MONDO:1")}
    assert result.edges["weight"].to_list() == [None]


@pytest.mark.parametrize(
    ("relation", "kind"), [("skos:closeMatch", "XREF"), ("broad_match", "XREF"), (None, "SAME_AS")]
)
def test_relation_of_a_mapping_row_can_weaken_it(relation: str | None, kind: str) -> None:
    row = {
        "row": 1, "type": "XREF", "start_id": "MONDO:1", "start_kind": "Disease", "end_id": "DOID:1",
        "end_kind": "Disease", "relation": relation,
    }  # fmt: skip
    result = resolve_stages(
        MemoryStage.of_rows("mondo", concepts=[disease(1, "MONDO:1")]),
        MemoryStage.of_rows("doid", concepts=[disease(1, "DOID:1")]),
        MemoryStage.of_rows("map", edges=[row]),
    )
    assert result.edges.select("source", "type").rows() == [("map", kind)]


def test_shared_cui_joins_without_a_umls_node() -> None:
    result = resolve_stages(
        MemoryStage.of_rows("doid", concepts=[disease(1, "DOID:1", xrefs=["UMLS:C0000001"])]),
        MemoryStage.of_rows("hp", concepts=[disease(1, "HP:1", kind="Phenotype", xrefs=["UMLS:C0000001"])]),
    )
    assert joined(result, "SAME_AS") == {("DOID:1", "HP:1")}
    assert result.edges["relation"].to_list() == ["same CUI"]
    assert result.nodes.height == 2


def test_cui_shared_within_one_vocabulary_joins_nothing() -> None:
    shared = ["UMLS:C0000001"]
    result = resolve_stages(
        MemoryStage.of_rows("doid", concepts=[disease(1, "DOID:1", xrefs=shared), disease(2, "DOID:2", xrefs=shared)]),
        MemoryStage.of_rows("mondo", concepts=[disease(1, "MONDO:1", xrefs=shared)]),
    )
    assert result.edges.is_empty()


def test_concepts_of_two_kinds_are_never_equivalent() -> None:
    result = resolve_stages(
        MemoryStage.of_rows("mondo", concepts=[disease(1, "MONDO:1", exact_matches=["HGNC:1"])]),
        MemoryStage.of_rows("hgnc", concepts=[disease(1, "HGNC:1", kind="Gene")]),
    )
    assert joined(result, "SAME_AS") == set()
    assert joined(result, "XREF") == {("HGNC:1", "MONDO:1")}


def test_cross_reference_to_a_replaced_id_counts_for_its_replacement() -> None:
    result = resolve_stages(
        MemoryStage.of_rows("mondo", concepts=[disease(1, "MONDO:1", xrefs=["DOID:9"])]),
        MemoryStage.of_rows("doid", concepts=[disease(1, "DOID:1", alt_ids=["DOID:9"])]),
    )
    assert joined(result, "SAME_AS") == {("DOID:1", "MONDO:1")}


def test_equivalence_that_joins_two_ids_of_one_vocabulary_is_left_out() -> None:
    ids = pl.Series(["DOID:1", "EFO:1", "MONDO:1", "MONDO:2"])
    same = pl.DataFrame(
        [("DOID:1", "MONDO:1", EXACT), ("DOID:1", "EFO:1", CUI), ("EFO:1", "MONDO:2", CROSS)],
        schema={"start": pl.String, "end": pl.String, "strength": pl.UInt8},
        orient="row",
    )
    result = greedy_clusters(ids, same)
    groups = dict(result.members.select("id", "group").rows())
    assert groups["DOID:1"] == groups["EFO:1"] == groups["MONDO:1"] != groups["MONDO:2"]
    assert result.left_out.rows() == [("EFO:1", "MONDO:2")]


def test_left_out_equivalence_is_a_flagged_xref() -> None:
    result = resolve_stages(
        MemoryStage.of_rows(
            "mondo",
            concepts=[
                disease(1, "MONDO:1", exact_matches=["DOID:1"]),
                disease(2, "MONDO:2", xrefs=["EFO:1"]),
            ],
        ),
        MemoryStage.of_rows("doid", concepts=[disease(1, "DOID:1", exact_matches=["EFO:1"])]),
        MemoryStage.of_rows("efo", concepts=[disease(1, "EFO:1")]),
    )
    left_out = result.edges.filter(pl.col("flags").list.contains("cluster_conflict"))
    assert left_out.select("type", "start", "end").rows() == [("XREF", "EFO:1", "MONDO:2")]
    assert clusters(result)["MONDO:2"] == "MONDO:2"


@pytest.mark.parametrize(
    ("members", "expected"),
    [
        ([("DOID:1", "Disease"), ("EFO:1", "Disease")], "EFO:1"),
        ([("EFO:1", "Trait"), ("HP:1", "Phenotype")], "HP:1"),
        ([("MESH:1", "Disease"), ("DOID:1", "Disease"), ("HP:1", "Phenotype")], "DOID:1"),
        ([("RXNORM:1", "Drug"), ("CHEBI:1", "Drug")], "CHEBI:1"),
        ([("B:1", "Pathway"), ("A:1", "Pathway")], "A:1"),
    ],
)
def test_representative_of_a_cluster_follows_the_preference(members: list[tuple[str, str]], expected: str) -> None:
    first = members[0][0]
    stages = [
        MemoryStage.of_rows(f"s{at}", concepts=[disease(1, concept, kind=kind, exact_matches=[first] if at else [])])
        for at, (concept, kind) in enumerate(members)
    ]
    assert set(clusters(resolve_stages(*stages)).values()) == {expected}


def test_conditional_term_takes_the_kind_of_its_partner_and_is_loaded() -> None:
    waiting = {"kind": "Trait", "load_if_mentioned": True}
    result = resolve_stages(
        MemoryStage.of_rows("mondo", concepts=[disease(1, "MONDO:1", xrefs=["EFO:1"])]),
        MemoryStage.of_rows("efo", concepts=[disease(1, "EFO:1", **waiting), disease(2, "EFO:2", **waiting)]),
    )
    assert result.nodes.select("id", "kind").rows() == [("EFO:1", "Disease"), ("MONDO:1", "Disease")]


def test_first_of_two_definitions_counts() -> None:
    result = resolve_stages(
        MemoryStage.of_rows("first", concepts=[disease(1, "MONDO:1", name="asthma")]),
        MemoryStage.of_rows("second", concepts=[disease(1, "MONDO:1", name="bronchial asthma", synonyms=["wheeze"])]),
    )
    assert result.nodes.select("source", "name", "synonyms").rows() == [("first", "asthma", ["wheeze"])]


def phecode(row: int, code: str, name: str, **more: object) -> dict[str, object]:
    return disease(row, f"PHECODE:{code}", name=name, **more)


DISEASES = MemoryStage.of_rows(
    "mondo",
    concepts=[
        disease(1, "MONDO:1", name="asthma", synonyms=["wheezing disease"], xrefs=["ICD10CM:J45"]),
        disease(2, "MONDO:2", name="type 2 diabetes mellitus", synonyms=["type 2 diabetes", "sugar"]),
        disease(3, "MONDO:3", name="gout", synonyms=["sugar"]),
    ],
)


def test_phecodes_are_joined_to_the_only_cluster_with_their_name() -> None:
    phecodes = MemoryStage.of_rows(
        "phecode",
        concepts=[
            phecode(1, "495", "Asthma"),
            phecode(2, "250.2", "Type 2 diabetes"),
            phecode(3, "999", "Sugar"),  # of two
            phecode(4, "998", "Something else"),
        ],
    )
    result = resolve_stages(DISEASES, phecodes)
    same = result.edges.filter(type="SAME_AS").select("source", "start", "end", "relation", "weight").rows()
    assert same == [
        ("phecode", "MONDO:1", "PHECODE:495", "name", 1.0),
        ("phecode", "MONDO:2", "PHECODE:250.2", "synonym", 1.0),
    ]
    cluster_of = clusters(result)
    assert (cluster_of["PHECODE:495"], cluster_of["PHECODE:250.2"]) == ("MONDO:1", "MONDO:2")
    assert (cluster_of["PHECODE:999"], cluster_of["PHECODE:998"]) == ("PHECODE:999", "PHECODE:998")
    assert resolve_stages(phecodes, DISEASES).edges.equals(result.edges)


def test_phecode_with_the_name_of_the_cluster_is_joined_first() -> None:
    phecodes = MemoryStage.of_rows(
        "phecode", concepts=[phecode(1, "490", "Wheezing disease"), phecode(2, "495", "Asthma")]
    )
    result = resolve_stages(DISEASES, phecodes)
    assert joined(result, "SAME_AS") == {("MONDO:1", "PHECODE:495")}
    left = result.edges.filter(type="XREF").select("start", "end", "flags").rows()
    assert left == [("MONDO:1", "PHECODE:490", ["cluster_conflict"])]


def test_phecodes_make_no_name_ambiguous() -> None:
    """A phecode that is not joined would make the name ambiguous; a joined one never represents the cluster."""
    sign = {"row": 1, "id": "HP:1", "kind": "Phenotype", "name": "Fever", "defined": True}
    signs = MemoryStage.of_rows("hp", concepts=[sign])
    phecodes = MemoryStage.of_rows("phecode", concepts=[phecode(1, "783", "Fever"), phecode(2, "495", "Asthma")])
    edge = {"row": 1, "type": "CAUSES", "start_name": "Fever", "start_kind": "Phenotype"}
    statements = MemoryStage.of_rows("kg", edges=[{**edge, "end_name": "asthma", "end_kind": "Disease"}])
    before, after = resolve_stages(DISEASES, signs, statements), resolve_stages(DISEASES, signs, phecodes, statements)
    assert before.edges.filter(source="kg").equals(after.edges.filter(source="kg"))
    assert clusters(after)["PHECODE:783"] == "HP:1"


def test_vocabulary_with_cross_references_is_not_joined_by_name() -> None:
    doid = MemoryStage.of_rows("doid", concepts=[disease(1, "DOID:1", name="asthma")])
    assert joined(resolve_stages(DISEASES, doid), "SAME_AS") == set()


def test_shared_code_of_a_map_gives_only_an_xref() -> None:
    code = {"row": 2, "type": "XREF", "start_kind": "Disease", "end_kind": "Disease", "end_id": "PHECODE:496"}
    phecodes = MemoryStage.of_rows(
        "phecode",
        concepts=[phecode(1, "496", "Chronic airway obstruction")],
        edges=[{**code, "start_id": "ICD10CM:J45"}, {**code, "row": 3, "start_id": "ICD10CM:J99"}],
    )
    result = resolve_stages(DISEASES, phecodes)
    assert joined(result, "SAME_AS") == set()
    assert joined(result, "XREF") == {("MONDO:1", "PHECODE:496")}
    assert result.dangling.select("row", "id").rows() == [(3, "ICD10CM:J99")]
