"""Edges and SNPs of a reader as canonical tables."""

from __future__ import annotations

import polars as pl

from generel_etl.parsing.records import edge_table, endpoint, snp_table, swap_endpoints
from generel_etl.parsing.rejects import ROW
from generel_etl.schema import Edges, Snps

FRAME = pl.DataFrame(
    {
        ROW: [1, 2, 3],
        "snp": ["rs1", "rs2", "rs1"],
        "disease": ["MONDO:0000001", None, "MONDO:0000002"],
        "label": ["one", "two", None],
        "p": [8.0, 9.0, 10.0],
        "chromosome": ["1", "2", "1"],
        "position": [0, 20, 30],
        "build": ["GRCh38"] * 3,
    }
)
SNP, DISEASE = endpoint("snp", "SNP"), endpoint("disease", "Disease", pl.col("label"))


def test_each_row_is_one_edge_in_the_canonical_columns() -> None:
    edges = edge_table(FRAME, "ASSOCIATED_WITH", SNP, DISEASE, neg_log10_p="p", weight=pl.lit(0.5))
    Edges.validate(edges)
    assert edges.select("row", "type", "start_id", "start_kind", "start_name").row(0) == (
        1,
        "ASSOCIATED_WITH",
        "rs1",
        "SNP",
        None,
    )
    assert edges.select("end_id", "end_kind", "end_name", "neg_log10_p", "weight").rows() == [
        ("MONDO:0000001", "Disease", "one", 8.0, 0.5),
        (None, "Disease", "two", 9.0, 0.5),
        ("MONDO:0000002", "Disease", None, 10.0, 0.5),
    ]
    assert edges["flags"].to_list() == [[], [], []]


def test_endpoints_are_exchanged_only_where_asked() -> None:
    start, end = swap_endpoints(SNP, DISEASE, pl.col("p") > 9)
    edges = edge_table(FRAME, pl.lit("IS_A"), start, end)
    assert edges.select("start_id", "start_kind", "end_id", "end_kind", "end_name").rows() == [
        ("rs1", "SNP", "MONDO:0000001", "Disease", "one"),
        ("rs2", "SNP", None, "Disease", "two"),
        ("MONDO:0000002", "Disease", "rs1", "SNP", None),
    ]


def test_an_snp_takes_its_position_from_the_first_row_that_has_one() -> None:
    snps = snp_table(FRAME, "snp", alleles=pl.concat_list(pl.lit("A"), pl.lit("C")))
    Snps.validate(snps)
    assert snps.select("row", "id", "chromosome", "position", "alleles").rows() == [
        (2, "rs2", "2", 20, ["A", "C"]),
        (3, "rs1", "1", 30, ["A", "C"]),
    ]
