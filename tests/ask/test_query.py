"""User-supplied Cypher, recipes and subgraphs: read-only, plain values, no vectors, one model."""

from __future__ import annotations

from datetime import date

import networkx as nx
import pytest

from generel_etl.errors import GraphError, NotFoundError, UsageError
from generel_graph.ask import query, run_recipe, subgraph
from generel_graph.ask.recipes.recipe import read_recipe, recipe_names

LOCI = "loci_near_disease_with_drugged_gene"


def answer(shared_world, name, parameters, embed=None):
    result = run_recipe(shared_world.graph, shared_world.spaces, name, parameters, embed)
    return result.columns, result.rows


def test_values_are_plain_and_without_vectors(shared_world) -> None:
    answered = query(
        shared_world.graph,
        shared_world.spaces,
        "MATCH (s:SNP {id: $id})-[r:ASSOCIATED_WITH]->(d {id: 'MONDO:0008383'}) RETURN s, r, [d], r.published AS day",
        {"id": "rs2476601"},
    )
    assert answered.columns == ["s", "r", "[d]", "day"]
    node, edge, listed, day = answered.rows[0]
    assert node["labels"] == ["Entity", "SNP"]
    assert node["position"] == 113834946
    assert edge["type"] == "ASSOCIATED_WITH"
    assert edge["start"] == "rs2476601"
    assert edge["odds_ratio"] == 1.8
    assert listed[0]["name"] == "rheumatoid arthritis"
    assert day == date(2007, 6, 7)
    assert not any(key.startswith("embedding") for key in (*node, *listed[0]))


def test_text_parameter_becomes_a_vector(shared_world) -> None:
    cypher = (
        "MATCH (m:Model {active: true}) CALL db.index.vector.queryNodes(m.index, 10, $v) "
        "YIELD node, score RETURN node.id, score ORDER BY score DESC LIMIT 2"
    )
    for text, id_ in (("sweet blood", "MONDO:0005148"), ("CAD", "MONDO:0005010")):
        rows = query(shared_world.graph, shared_world.spaces, cypher, embed={"v": text}).rows
        assert rows[0][1] == pytest.approx(1.0, abs=0.02)  # 5.26 gives scores of rounded vectors
        assert id_ in [row[0] for row in rows]
    with pytest.raises(UsageError, match="twice"):
        query(shared_world.graph, shared_world.spaces, cypher, {"v": [1.0]}, {"v": "CAD"})


def test_server_rejects_writes_and_invalid_statements(shared_world) -> None:
    with pytest.raises(GraphError, match=r"(?i)writ"):
        query(shared_world.graph, shared_world.spaces, "MATCH (n) SET n.x = 1")
    with pytest.raises(GraphError, match=r"(?i)invalid input"):
        query(shared_world.graph, shared_world.spaces, "MATCH (n RETURN n")


def test_subgraph_is_a_networkx_graph(shared_world) -> None:
    found = subgraph(shared_world.graph, ["rs231775"], hops=1)
    assert isinstance(found, nx.MultiDiGraph)
    assert set(found) == {"rs231775", "MONDO:0005147", "HGNC:2505"}
    assert found.nodes["HGNC:2505"]["name"] == "CTLA4"
    assert {data["type"] for *_, data in found.edges(data=True)} == {"ASSOCIATED_WITH", "LOCATED_IN"}
    assert {data["source"] for *_, data in found.edges(data=True)} == {"toy"}
    assert not any(key.startswith("embedding") for _, data in found.nodes(data=True) for key in data)
    two = subgraph(shared_world.graph, ["rs231775"], hops=2)
    assert {"DRUGBANK:DB01281", "rs2476601", "rs3087243"} <= set(two)
    assert set(subgraph(shared_world.graph, ["rs231775"], hops=0)) == {"rs231775"}
    with pytest.raises(UsageError, match="hops"):
        subgraph(shared_world.graph, ["rs231775"], hops=4)
    with pytest.raises(NotFoundError, match="rs5"):
        subgraph(shared_world.graph, ["rs5"])


def test_loci_near_a_disease_with_a_drugged_gene(shared_world) -> None:
    columns, rows = answer(shared_world, LOCI, {"disease": "EFO:0000685"})
    assert columns[:4] == ["snp", "chromosome", "position", "cosine"]
    # rs3087243 is of the same locus as rs231775; rs2476601 is linked; no drug for the others' genes
    assert [row[0] for row in rows] == ["rs231775"]
    found = dict(zip(columns, rows[0], strict=True))
    assert found["known_for"] == ["type 1 diabetes"]
    assert (found["gene"], found["drugs"], found["treats"]) == (
        "CTLA4",
        ["abatacept"],
        ["rheumatoid arthritis"],
    )

    _, known = answer(shared_world, LOCI, {"disease": "MONDO:0005147"})
    assert known == [], "another SNP of the locus is linked"
    _, before = answer(shared_world, LOCI, {"disease": "MONDO:0005147", "published_before": "2007-01-01"})
    assert [row[0] for row in before] == ["rs3087243"] or [row[0] for row in before] == ["rs231775"]


def test_effects_refer_to_one_allele_or_are_null(shared_world) -> None:
    columns, rows = answer(shared_world, "snp_effects", {"snp": "rs2476601"})
    by_trait = {row[1]: dict(zip(columns, row, strict=True)) for row in rows}
    ra, t1d, cad, t2d = (by_trait[f"MONDO:000{n}"] for n in ("8383", "5147", "5010", "5148"))
    assert (ra["allele"], ra["odds_ratio"], ra["direction"]) == ("A", 1.8, "raises")
    assert (t1d["allele"], t1d["odds_ratio"], t1d["reported_allele"]) == ("A", 1.9, "T"), "the other strand"
    assert (cad["allele"], cad["odds_ratio"], cad["direction"]) == ("A", 0.8, "lowers")
    assert (cad["ci_low"], cad["ci_high"]) == (0.625, 1.0)
    assert (t2d["allele"], t2d["odds_ratio"], t2d["direction"]) == (None, None, None)
    assert (ra["pubmed_id"], ra["source"], ra["published"]) == ("17554300", "toy", date(2007, 6, 7))
    columns, rows = answer(shared_world, "snp_effects", {"snp": "rs2476601", "allele": "G"})
    by_trait = {row[1]: dict(zip(columns, row, strict=True)) for row in rows}
    assert by_trait["MONDO:0005010"]["odds_ratio"] == 1.25
    assert by_trait["MONDO:0008383"]["odds_ratio"] == pytest.approx(0.556)


def test_concepts_near_a_text_are_marked_known_or_new(shared_world) -> None:
    columns, rows = answer(
        shared_world,
        "concepts_near_text",
        {"concept": "HP:0001370", "k": 2},
        {"vector": "morning joint stiffness"},
    )
    found = {row[1]: dict(zip(columns, row, strict=True)) for row in rows}
    assert found["HP:0001370"]["mark"] == "itself"
    assert found["MONDO:0008383"]["mark"] == "known"
    assert found["MONDO:0008383"]["codes"] == ["EFO:0000685", "MONDO:0008383"]
    assert found["HGNC:2505"]["mark"] == "new"
    assert found["HGNC:2505"]["cosine"] > found["HGNC:9652"]["cosine"]
    assert [row[0] for row in rows].count("Gene") == 2
    plain = {"concept": "HP:0001370", "k": 2, "vector": "morning joint stiffness"}
    assert answer(shared_world, "concepts_near_text", plain) == (columns, rows), "a vector takes a text as it is"


def test_unknown_recipes_and_parameters_are_rejected(shared_world) -> None:
    assert "snp_effects" in recipe_names()
    with pytest.raises(UsageError, match="did you mean 'snp_effects'"):
        read_recipe("snp_effect", shared_world.graph.capabilities, 0)
    with pytest.raises(UsageError, match="no such parameter"):
        run_recipe(shared_world.graph, shared_world.spaces, "snp_effects", {"rsid": "rs1"})
    with pytest.raises(UsageError, match="is not a vector"):
        run_recipe(shared_world.graph, shared_world.spaces, "snp_effects", embed={"snp": "rs2476601"})
    printed = read_recipe("loci_near_disease_with_drugged_gene", shared_world.graph.capabilities, 2)
    assert "embedding_2" in printed.cypher
    assert printed.defaults["limit"] == 10
