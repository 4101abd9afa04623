"""PrimeKG's mirrored rows give one edge, with normalised types and directions."""

from pathlib import Path

import polars as pl
import pytest

from generel_etl.errors import DataError
from generel_etl.readers.primekg import read
from tests.etl.conftest import read_tables

ROOT = Path(__file__).resolve().parents[3]
DATA = ROOT / "tests" / "data" / "primekg" / "kg.csv"


def read_files(*paths):
    return read_tables(read, *paths, name="primekg")


@pytest.fixture(scope="module")
def tables():
    return read_files(DATA)


def edges_of(tables, *rows):
    columns = ("type", "start_id", "start_kind", "start_name", "end_id", "end_kind", "end_name", "relation", "weight")
    return [tables.edges.filter(pl.col("row") == row).select(columns).row(0) for row in rows]


def test_mirrored_and_repeated_rows_give_one_edge(tables):
    first, mirror, repeat = edges_of(tables, 1, 2, 3)
    assert first == mirror == repeat
    assert first == (
        "TARGETS", "DRUGBANK:DB00001", "Drug", "Madeupine", "NCBIGene:9796", "Gene", "PHYHIP", "target", 1.0
    )  # fmt: skip


def test_negative_statements_have_their_own_types(tables):
    assert [edge[0] for edge in edges_of(tables, 6, 7, 10)] == [
        "CONTRAINDICATED_FOR",
        "NOT_HAS_PHENOTYPE",
        "NOT_EXPRESSED_IN",
    ]


def test_a_hierarchy_without_direction_is_not_is_a(tables):
    assert edges_of(tables, 8)[0][0] == "PARENT_OR_CHILD_OF"


def test_relations_have_their_own_direction_in_every_row(tables):
    treats, absent, pathway, exposure = edges_of(tables, 9, 10, 12, 13)
    assert (treats[0], treats[2]) == ("TREATS", "Drug")
    assert (absent[1], absent[4]) == ("NCBIGene:9796", "UBERON:0000955")
    assert (pathway[1], pathway[4]) == ("NCBIGene:9796", "REACTOME:R-HSA-109582")
    assert (exposure[1], exposure[4]) == ("MESH:C006780", "MONDO:0005044")


def test_nodes_are_mentions_with_names(tables):
    concepts = {row["id"]: row for row in tables.concepts.to_dicts()}
    assert concepts["HP:0001250"]["name"] == "Seizure"
    assert concepts["GO:0006955"]["kind"] == "BiologicalProcess"
    assert not any(row["defined"] for row in concepts.values())
    assert len(concepts) == tables.concepts.height == 10


def test_a_group_of_mondo_terms_has_its_members_as_cross_references(tables):
    (group,) = tables.concepts.filter(pl.col("id").str.starts_with("PRIMEKG:")).to_dicts()
    assert group["name"] == "made up, grouped"
    assert group["inexact_xrefs"] == ["MONDO:0013924", "MONDO:0012592", "MONDO:0014672"]


def test_rejects_name_the_nearest_valid_value(tables):
    assert tables.rejects.select("line", "column", "reason").rows() == [
        (15, "relation", "unknown relation; did you mean 'drug_protein'?"),
        (16, "x_type", "neither node has the type that this relation starts from"),
        (17, "y_source", "unknown vocabulary; did you mean 'NCBI'?"),
        (18, "#fields", "2 fields instead of 12"),
    ]
    assert tables.rows_read == tables.edges.height + tables.rejects.height


def test_a_missing_column_is_named(tmp_path):
    path = tmp_path / "kg.csv"
    path.write_text(DATA.read_text().replace("display_relation", "shown"))
    with pytest.raises(DataError, match="display_relation"):
        read_files(path)


def test_the_shared_excerpt_gives_half_as_many_edges(shared_data):
    tables = read_files(shared_data / "primekg" / "kg_drug_protein_excerpt.csv.gz")
    assert (tables.rows_read, tables.edges.height, tables.rejects.height) == (26_290, 26_290, 0)
    assert tables.edges.select("type", "start_id", "end_id").unique().height == 13_145
