"""The default years of an evaluation: the last ones with a hundred dated reports."""

from __future__ import annotations

from datetime import date

import pytest

from generel_etl.errors import UsageError
from generel_graph.evaluate.run import years_of
from generel_graph.graph import Graph


def test_default_years_are_the_last_with_a_hundred_dated_reports(graph: Graph) -> None:
    with pytest.raises(UsageError, match="a hundred dated reports"):
        years_of(graph)
    counts = {2008: 100, 2009: 99, 2011: 140, 2012: 100, 2013: 3}
    nodes = [
        {"id": id_, "labels": ["Entity", label], "remove": [], "props": {}}
        for id_, label in (("rs1", "SNP"), ("MONDO:1", "Disease"))
    ]
    graph.batches("load/merge_nodes", nodes)
    props = [{"published": date(year, 6, 1)} for year, count in counts.items() for _ in range(count)] + [{}] * 200
    edges = [
        {"start": "rs1", "end": "MONDO:1", "props": {"source": "toy", "key": f"{number:016x}", **dated}}
        for number, dated in enumerate(props)
    ]
    graph.batches("load/create_edges", edges, type="ASSOCIATED_WITH")
    assert years_of(graph) == [2008, 2011, 2012]
    assert years_of(graph, many=2) == [2011, 2012]
