"""The JSON keys of results are stable, whatever the attributes are named."""

from __future__ import annotations

import json
from typing import Any

import pandas as pd

from generel_graph.ask import explain, locus, query, run_recipe

REF = ["id", "kind", "name"]
TERM = ["resolved_by", "resolved_id", "resolved_kind", "resolved_name", "others", "nearest", "locus", "cut"]
SNP_LOCUS = ["place", "genes", "snps", "regulates", "sources"]
EDGE = [
    *("type", "start", "end", "start_kind", "end_kind", "start_name", "end_name", "start_cluster", "end_cluster"),
    *("source", "key", "study", "pubmed_id", "published", "cohort", "tissue", "relation", "weight", "neg_log10_p"),
    *("sample_size", "flags", "allele", "odds_ratio", "beta", "beta_unit", "ci_low", "ci_high", "direction"),
    *("reported_allele", "r2", "seen"),
]


def plain(value: Any) -> Any:
    return json.loads(json.dumps(value, default=str))


def test_keys_of_search(shared_world) -> None:
    result = shared_world.ask("morning joint stiffness", 2)
    found = plain(result.as_json())
    head = ["query", "resolved_by", "resolved_id", "resolved_kind", "resolved_name", "others", "nearest", "model"]
    assert list(found) == [*head, "hits", "locus", "ends"]
    hit = ["id", "kind", "name", "score", "linked", "codes", "genes", "position", "links"]
    assert list(found["hits"][0]) == hit
    assert list(found["ends"][0]) == ["text", "weight", *TERM]
    assert list(found["nearest"][0]) == REF
    assert (found["resolved_by"], found["resolved_id"], found["locus"]) == ("text", None, None)
    placed = plain(shared_world.ask("rs4242", 1).as_json())
    assert list(placed["locus"]) == list(placed["ends"][0]["locus"]) == SNP_LOCUS
    several = plain(shared_world.ask(["RA", "T2D"], 1).as_json())
    assert (several["query"], several["resolved_by"], several["resolved_id"]) == ("RA +1·T2D", "mixture", None)
    assert (several["others"], several["nearest"], several["locus"]) == ([], [], None)
    frame = result.frame()
    assert isinstance(frame, pd.DataFrame)
    assert set(frame.columns) == set(hit)
    assert list(frame.attrs) == [key for key in found if key != "hits"]


def test_keys_of_explain(shared_world) -> None:
    for type_, start in (("LOCATED_IN", "rs231775"), ("TARGETS", "DRUGBANK:DB01281")):
        edge = {"start": start, "end": "HGNC:2505", "props": {"source": "own", "key": start, "weight": 1.0}}
        shared_world.graph.batches("load/create_edges", [edge], type=type_)
    result = explain(shared_world.graph, shared_world.spaces, "rs231775", "abatacept", 2)
    found = plain(result.as_json())
    numbers = ["left", "right", "model", "cosine", "percentile", "trained_on", "tasks", "summary", "contradictions"]
    assert list(found) == [*numbers, "direct", "paths", "shared", "nearest", "cut"]
    end = ["text", "resolved_by", "id", "kind", "name", "node", "members", "others", "nearest", "locus"]
    assert list(found["left"]) == list(found["right"]) == end
    assert (found["right"]["id"], found["right"]["node"], found["right"]["locus"]) == ("DRUGBANK:DB01281", True, "")
    assert list(found["percentile"]) == ["value", "pairs", "among"]
    assert list(found["nearest"][0]) == [*REF, "left", "right"]
    metapath = found["paths"][0]
    assert list(metapath) == ["metapath", "score", "count", "paths"]
    assert list(metapath["paths"][0]) == ["nodes", "steps", "score"]
    assert list(metapath["paths"][0]["nodes"][0]) == [*REF, "degree"]
    step = metapath["paths"][0]["steps"][0]
    assert list(step) == ["left", "right", "types", "edges"]
    assert list(step["edges"][0]) == EDGE
    assert list(found["shared"][0]) == ["node", "score", "left", "right"]
    text = plain(explain(shared_world.graph, shared_world.spaces, "sweet blood", "rs4242", 2).as_json())
    assert [text["left"][key] for key in ("id", "kind", "name", "node")] == [None, "", "sweet blood", False]
    assert [text["right"][key] for key in ("resolved_by", "id", "kind", "name")] == ["locus", "rs4242", "SNP", "rs4242"]
    assert text["right"]["locus"].startswith("its vector is from")
    edges = explain(shared_world.graph, shared_world.spaces, "rs2476601", "RA", 2).frame()
    assert edges.columns.tolist() == EDGE
    assert edges["source"].eq("toy").all()


def test_keys_of_locus(shared_world) -> None:
    with shared_world.graph.driver.session() as session:
        session.run("MATCH (s:SNP) SET s.build = 'GRCh38'").consume()
    result = locus(shared_world.graph, shared_world.spaces, "rs2476601", "RA", 1_000)
    found = plain(result.as_json())
    facts = ["snp", "disease", "disease_id", "kinds_below", "build", "chromosome", "first", "last", "genes"]
    facts += ["other_builds", "ld", "model", "position", "note"]
    assert list(found) == [*facts, "snps"]
    columns = ["id", "position", "neg_log10_p", "trait", "study", "pubmed_id", "reports", "r2", "posterior", "cosine"]
    assert list(found["snps"][0]) == columns == result.frame().columns.tolist()
    assert list(result.frame().attrs) == facts


def test_rows_of_query_and_recipe(shared_world) -> None:
    result = query(shared_world.graph, shared_world.spaces, "RETURN 1 AS a, 'x' AS b")
    assert result.as_json() == [{"a": 1, "b": "x"}]
    answered = run_recipe(shared_world.graph, shared_world.spaces, "snp_effects", {"snp": "rs2476601"})
    assert answered.as_json() == [dict(zip(answered.columns, row, strict=True)) for row in answered.rows]
    assert answered.frame().attrs == {"cypher": answered.cypher}
