"""Hetionet's nodes and SIF edges become normalised ids, kinds and types."""

from pathlib import Path

import pytest

from generel_etl.errors import DataError
from generel_etl.readers.hetionet import read
from tests.etl.conftest import read_tables

ROOT = Path(__file__).resolve().parents[3]
DATA = ROOT / "tests" / "data" / "hetionet"
NODES, EDGES = DATA / "nodes.tsv", DATA / "edges.sif.gz"


def read_files(*paths):
    return read_tables(read, *paths, name="hetionet")


@pytest.fixture(scope="module")
def tables():
    return read_files(NODES, EDGES)


def test_all_eleven_kinds_have_normalised_ids(tables):
    assert dict(tables.concepts.select("id", "kind").rows()) == {
        "UBERON:0000955": "AnatomicalEntity",
        "GO:0006955": "BiologicalProcess",
        "GO:0005634": "CellularComponent",
        "DRUGBANK:DB00001": "Drug",
        "DOID:13189": "Disease",
        "NCBIGene:2625": "Gene",
        "NCBIGene:7918": "Gene",
        "GO:0003677": "MolecularActivity",
        "PATHWAYCOMMONS:PC7_1": "Pathway",
        "WIKIPATHWAYS:WP100": "Pathway",
        "NDFRT:N0000000069": "DrugClass",
        "UMLS:C0018681": "Phenotype",
        "MESH:D006261": "Phenotype",
    }
    assert not tables.concepts["defined"].any()


def test_edges_have_the_direction_of_their_type(tables):
    edges = tables.edges.select("type", "start_id", "end_id", "weight", "relation").rows()
    assert edges == [
        ("PARTICIPATES_IN", "NCBIGene:2625", "GO:0006955", 1.0, "GpBP"),
        ("EXPRESSED_IN", "NCBIGene:2625", "UBERON:0000955", 1.0, "AeG"),
        ("IN_CLASS", "DRUGBANK:DB00001", "NDFRT:N0000000069", 1.0, "PCiC"),
        ("HAS_SIDE_EFFECT", "DRUGBANK:DB00001", "UMLS:C0018681", 1.0, "CcSE"),
        ("HAS_PHENOTYPE", "DOID:13189", "MESH:D006261", 0.5, "DpS"),
        ("PARTICIPATES_IN", "NCBIGene:2625", "WIKIPATHWAYS:WP100", 1.0, "GpPW"),
        ("INTERACTS_WITH", "NCBIGene:2625", "NCBIGene:999999", 1.0, "GiG"),
        ("DOWNREGULATED_IN", "NCBIGene:7918", "DOID:13189", 1.0, "DdG"),
    ]


def test_an_edge_to_an_unknown_node_has_no_name_for_it(tables):
    (edge,) = tables.edges.filter(end_id="NCBIGene:999999").to_dicts()
    assert (edge["start_name"], edge["end_name"], edge["end_kind"]) == ("GATA3", None, "Gene")


def test_rejects_name_file_line_and_the_nearest_valid_name(tables):
    assert tables.rejects.select("file", "line", "column", "reason").rows() == [
        ("nodes.tsv", 15, "id", "unknown kind; did you mean 'Gene'?"),
        ("edges.sif.gz", 9, "metaedge", "unknown metaedge; did you mean 'GpPW'?"),
        ("edges.sif.gz", 11, "source", "unknown kind; did you mean 'Gene'?"),
    ]
    assert tables.rows_read == tables.concepts.height + tables.edges.height + tables.rejects.height


def test_the_order_of_the_files_does_not_matter(tables):
    reordered = read_files(EDGES, NODES)
    assert reordered.edges.drop("row").equals(tables.edges.drop("row"))
    assert reordered.concepts.drop("row").equals(tables.concepts.drop("row"))


@pytest.mark.parametrize(("path", "missing"), [(NODES, "edges"), (EDGES, "nodes")])
def test_a_missing_file_is_an_error(path, missing):
    with pytest.raises(DataError, match=missing):
        read_files(path)


def test_an_unknown_column_is_named(tmp_path):
    path = tmp_path / "nodes.tsv"
    path.write_text(NODES.read_text().replace("\tkind\n", "\tsort\n", 1))
    with pytest.raises(DataError, match="kind"):
        read_files(path, EDGES)


def test_the_shared_excerpt_is_read(shared_data):
    folder = shared_data / "hetionet"
    tables = read_files(folder / "hetionet-v1.0-nodes.tsv.gz", folder / "hetionet-v1.0-edges-excerpt.sif.gz")
    assert (tables.concepts.height, tables.edges.height, tables.rejects.height) == (47_031, 93_531, 0)
