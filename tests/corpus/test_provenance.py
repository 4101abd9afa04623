"""The provenance that is read from the graph: sources, and associations by ancestry."""

from __future__ import annotations

from datetime import date

from generel_graph.corpus.provenance import read_provenance
from generel_graph.corpus.schema import SourceInfo
from generel_graph.graph import Graph


def test_sources_are_listed_and_associations_counted_by_ancestry(graph: Graph) -> None:
    with graph.driver.session() as session:
        session.run(
            "CREATE (:Source {name: 'gwas', digest: $digest, licence: 'CC0', rows_read: 9, rows_loaded: 7, edges: 4}) "
            "CREATE (s:SNP:Entity {id: 'rs1'}), (d:Disease:Concept:Entity {id: 'MONDO:1'}) "
            "FOREACH (groups IN [['European'], ['European', 'East Asian'], null] | "
            "  CREATE (s)-[:ASSOCIATED_WITH {ancestry: groups, published: date('2010-01-01')}]->(d)) "
            "CREATE (s)-[:ASSOCIATED_WITH {ancestry: ['African'], published: date('2014-01-01')}]->(d)",
            digest="0" * 32,
        ).consume()
    provenance = read_provenance(graph)
    assert provenance.sources == (SourceInfo("gwas", "", "CC0", "", "", "0" * 32, 9, 7, 4),)
    assert provenance.associations == 4
    assert dict(provenance.ancestries) == {"European": 2, "East Asian": 1, "African": 1, "unknown": 1}
    assert provenance.ancestries[0] == ("European", 2)
    earlier = read_provenance(graph, date(2012, 1, 1))
    assert earlier.associations == 3
    assert "African" not in dict(earlier.ancestries)
