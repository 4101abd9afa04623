"""Hetionet's nodes and SIF edges, read under the project's own kinds, ids and types."""

import os
from pathlib import Path

import pytest

from generel_etl.config import SourceConfig
from generel_etl.errors import DataError
from generel_etl.reader import NoOptions, SourceFiles
from generel_etl.readers.hetionet import read
from generel_etl.schema import TABLES

ROOT = Path(__file__).resolve().parents[3]
DATA = ROOT / "tests" / "data" / "hetionet"
SHARED = Path(os.environ.get("GENEREL_SHARED_DATA", ROOT.parent / "shared" / "data")) / "hetionet"
NODES, EDGES = DATA / "nodes.tsv", DATA / "edges.sif.gz"


def tables(*paths):
    source = SourceConfig("hetionet", "hetionet", tuple(p.name for p in paths))
    found = read(SourceFiles(source, paths), NoOptions())
    for name, schema in TABLES.items():
        schema.validate(getattr(found, name))
    return found


@pytest.fixture(scope="module")
def found():
    return tables(NODES, EDGES)


def test_all_eleven_kinds_have_ids_of_ours(found):
    assert dict(found.concepts.select("id", "kind").rows()) == {
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
    assert not found.concepts["defined"].any()


def test_edges_stand_the_way_their_type_reads(found):
    edges = found.edges.select("type", "start_id", "end_id", "weight", "relation").rows()
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


def test_an_edge_to_an_unknown_node_stays_without_a_name(found):
    (edge,) = found.edges.filter(end_id="NCBIGene:999999").to_dicts()
    assert (edge["start_name"], edge["end_name"], edge["end_kind"]) == ("GATA3", None, "Gene")


def test_rejects_name_file_and_line_and_what_is_near(found):
    assert found.rejects.select("file", "line", "column", "reason").rows() == [
        ("nodes.tsv", 15, "id", "unknown kind; did you mean 'Gene'?"),
        ("edges.sif.gz", 9, "metaedge", "unknown metaedge; did you mean 'GpPW'?"),
        ("edges.sif.gz", 11, "source", "unknown kind; did you mean 'Gene'?"),
    ]
    assert found.rows_read == found.concepts.height + found.edges.height + found.rejects.height


def test_the_order_of_the_files_does_not_matter(found):
    turned = tables(EDGES, NODES)
    assert turned.edges.drop("row").equals(found.edges.drop("row"))
    assert turned.concepts.drop("row").equals(found.concepts.drop("row"))


@pytest.mark.parametrize(("path", "lacking"), [(NODES, "edges"), (EDGES, "nodes")])
def test_one_file_alone_is_an_error(path, lacking):
    with pytest.raises(DataError, match=lacking):
        tables(path)


def test_an_unknown_column_is_named(tmp_path):
    path = tmp_path / "nodes.tsv"
    path.write_text(NODES.read_text().replace("\tkind\n", "\tsort\n", 1))
    with pytest.raises(DataError, match="kind"):
        tables(path, EDGES)


@pytest.mark.skipif(not SHARED.is_dir(), reason="the shared data is not here (GENEREL_SHARED_DATA)")
def test_the_real_excerpt():
    found = tables(SHARED / "hetionet-v1.0-nodes.tsv.gz", SHARED / "hetionet-v1.0-edges-excerpt.sif.gz")
    assert (found.concepts.height, found.edges.height, found.rejects.height) == (47_031, 93_531, 0)
