"""PrimeKG's mirrored rows give one edge each way round, under the project's own types."""

import os
from pathlib import Path

import polars as pl
import pytest

from generel_etl.config import SourceConfig
from generel_etl.errors import DataError
from generel_etl.reader import NoOptions, SourceFiles
from generel_etl.readers.primekg import read
from generel_etl.schema import TABLES

ROOT = Path(__file__).resolve().parents[3]
DATA = ROOT / "tests" / "data" / "primekg" / "kg.csv"
SHARED = Path(os.environ.get("GENEREL_SHARED_DATA", ROOT.parent / "shared" / "data")) / "primekg"


def tables(path):
    found = read(SourceFiles(SourceConfig("primekg", "primekg", (path.name,)), (path,)), NoOptions())
    for name, schema in TABLES.items():
        schema.validate(getattr(found, name))
    return found


@pytest.fixture(scope="module")
def found():
    return tables(DATA)


def said(found, *rows):
    columns = ("type", "start_id", "start_kind", "start_name", "end_id", "end_kind", "end_name", "relation", "weight")
    return [found.edges.filter(pl.col("row") == row).select(columns).row(0) for row in rows]


def test_mirrors_and_repeats_are_one_edge(found):
    first, mirror, repeat = said(found, 1, 2, 3)
    assert first == mirror == repeat
    assert first == (
        "TARGETS", "DRUGBANK:DB00001", "Drug", "Madeupine", "NCBIGene:9796", "Gene", "PHYHIP", "target", 1.0
    )  # fmt: skip


def test_negative_statements_have_types_of_their_own(found):
    assert [edge[0] for edge in said(found, 6, 7, 10)] == [
        "CONTRAINDICATED_FOR",
        "NOT_HAS_PHENOTYPE",
        "NOT_EXPRESSED_IN",
    ]


def test_a_hierarchy_without_direction_is_no_is_a(found):
    assert said(found, 8)[0][0] == "PARENT_OR_CHILD_OF"


def test_relations_start_where_they_should_whatever_the_row_says(found):
    treats, absent, pathway, exposure = said(found, 9, 10, 12, 13)
    assert (treats[0], treats[2]) == ("TREATS", "Drug")
    assert (absent[1], absent[4]) == ("NCBIGene:9796", "UBERON:0000955")
    assert (pathway[1], pathway[4]) == ("NCBIGene:9796", "REACTOME:R-HSA-109582")
    assert (exposure[1], exposure[4]) == ("MESH:C006780", "MONDO:0005044")


def test_nodes_are_mentions_with_names(found):
    concepts = {row["id"]: row for row in found.concepts.to_dicts()}
    assert concepts["HP:0001250"]["name"] == "Seizure"
    assert concepts["GO:0006955"]["kind"] == "BiologicalProcess"
    assert not any(row["defined"] for row in concepts.values())
    assert len(concepts) == found.concepts.height == 10


def test_a_group_of_mondo_terms_keeps_its_members(found):
    (group,) = found.concepts.filter(pl.col("id").str.starts_with("PRIMEKG:")).to_dicts()
    assert group["name"] == "made up, grouped"
    assert group["inexact_xrefs"] == ["MONDO:0013924", "MONDO:0012592", "MONDO:0014672"]


def test_rejects_say_what_is_near(found):
    assert found.rejects.select("line", "column", "reason").rows() == [
        (15, "relation", "unknown relation; did you mean 'drug_protein'?"),
        (16, "x_type", "neither node has the type that this relation starts from"),
        (17, "y_source", "unknown vocabulary; did you mean 'NCBI'?"),
        (18, "#fields", "2 fields instead of 12"),
    ]
    assert found.rows_read == found.edges.height + found.rejects.height


def test_a_missing_column_is_named(tmp_path):
    path = tmp_path / "kg.csv"
    path.write_text(DATA.read_text().replace("display_relation", "shown"))
    with pytest.raises(DataError, match="display_relation"):
        tables(path)


@pytest.mark.skipif(not SHARED.is_dir(), reason="the shared data is not here (GENEREL_SHARED_DATA)")
def test_the_real_excerpt_folds_onto_half():
    found = tables(SHARED / "kg_drug_protein_excerpt.csv.gz")
    assert (found.rows_read, found.edges.height, found.rejects.height) == (26_290, 26_290, 0)
    assert found.edges.select("type", "start_id", "end_id").unique().height == 13_145
