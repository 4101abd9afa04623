"""The retrievers of neo4j-graphrag on our graph, with our vectors and indexes, on both servers."""

from __future__ import annotations

import numpy as np
import pytest

from generel_etl.errors import ActiveModelChanged
from generel_graph.config import Config
from generel_graph.export.retrievers import QueryEmbedder, hybrid_cypher_retriever, vector_cypher_retriever
from generel_graph.session import Session

pytestmark = pytest.mark.filterwarnings("ignore:The default returned .id. field")  # neo4j-graphrag's own
RETURN = "RETURN node.id AS id, score ORDER BY score DESC"
# A vector index is approximate for three hits; with this ratio it compares all nodes and is exact.
ALL = {"effective_search_ratio": 15}


@pytest.fixture
def session(world, tmp_path) -> Session:
    opened = Session(Config(folder=tmp_path), world.graph)
    opened.space = world.spaces  # the toy space in place of a trained one
    return opened


def found(result) -> list[str]:
    return [item.content.split("id='")[1].split("'")[0] for item in result.items]


def test_nodes_near_a_name_a_code_and_a_free_text(session: Session) -> None:
    retriever = vector_cypher_retriever(session, RETURN)
    for text, id_ in (("CAD", "MONDO:0005010"), ("rs689", "rs689"), ("sweet blood", "MONDO:0005148")):
        assert id_ in found(retriever.search(query_text=text, top_k=3, **ALL))[:2], text
    vector = QueryEmbedder(session).embed_query("sweet blood")
    assert vector == pytest.approx([0, 1, 0, 0, 0, 0, 0, 0])


def test_retrieval_query_adds_a_hop_and_a_filter(session: Session) -> None:
    hop = "MATCH (node)-[:LOCATED_IN]->(gene:Gene) RETURN node.id AS id, gene.name AS gene ORDER BY id"
    result = vector_cypher_retriever(session, hop).search(query_text="RA", top_k=15)
    assert found(result) == ["rs231775", "rs2476601", "rs689"]
    drugs = "WITH node, score WHERE node:Drug " + RETURN
    assert found(vector_cypher_retriever(session, drugs).search(query_text="RA", top_k=15)) == ["DRUGBANK:DB01281"]


def test_hybrid_retriever_combines_words_and_vectors(session: Session) -> None:
    retriever = hybrid_cypher_retriever(session, RETURN)
    result = found(retriever.search(query_text="morning joint stiffness", top_k=4, **ALL))
    assert "HP:0001370" in result[:2], "near, and of its words"
    heart = [0, 0, 1, 0, 0, 0, 0, 0]
    both = found(retriever.search(query_text="juvenile diabetes", query_vector=heart, top_k=3, **ALL))
    assert {"MONDO:0005147", "MONDO:0005010"} <= set(both), "one by its words, one by the vector"


def test_retriever_of_an_inactive_model_is_rejected(session: Session, world) -> None:
    retriever = vector_cypher_retriever(session, RETURN)
    world.vectors = {id_: np.roll(vector, 3) for id_, vector in world.vectors.items()}
    world.write("rolled")
    with pytest.raises(ActiveModelChanged):
        retriever.search(query_text="CAD", top_k=1)
    now = vector_cypher_retriever(session, RETURN).search(query_text="rs689", top_k=5, **ALL)
    assert {"rs689", "MONDO:0005148"} <= set(found(now))
