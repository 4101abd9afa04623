"""Where the data comes from and whom it was learnt of, as the graph tells it."""

from __future__ import annotations

from datetime import date

from generel_graph.corpus.provenance import read_provenance
from generel_graph.corpus.schema import SourceInfo
from generel_graph.graph import Graph


def test_sources_and_the_studies_ancestries_are_counted(graph: Graph) -> None:
    with graph.driver.session() as session:
        session.run(
            "CREATE (:Source {name: 'gwas', digest: $digest, licence: 'CC0', rows_read: 9, rows_loaded: 7, edges: 4}) "
            "CREATE (s:SNP:Entity {id: 'rs1'}), (d:Disease:Concept:Entity {id: 'MONDO:1'}) "
            "FOREACH (groups IN [['European'], ['European', 'East Asian'], null] | "
            "  CREATE (s)-[:ASSOCIATED_WITH {ancestry: groups, published: date('2010-01-01')}]->(d)) "
            "CREATE (s)-[:ASSOCIATED_WITH {ancestry: ['African'], published: date('2014-01-01')}]->(d)",
            digest="0" * 32,
        ).consume()
    found = read_provenance(graph)
    assert found.sources == (SourceInfo("gwas", "", "CC0", "", "", "0" * 32, 9, 7, 4),)
    assert found.associations == 4
    assert dict(found.ancestries) == {"European": 2, "East Asian": 1, "African": 1, "unknown": 1}
    assert found.ancestries[0] == ("European", 2)
    before = read_provenance(graph, date(2012, 1, 1))
    assert before.associations == 3 and "African" not in dict(before.ancestries)
