"""Vectors of SNPs that are not in the graph, from the stage and the graph, or an error with the reason."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from generel_etl.errors import NotFoundError, UsageError
from generel_etl.pipeline import read_sources
from generel_graph.config import Config, load_config
from generel_graph.corpus.load import load_corpus
from generel_graph.embed import list_models
from generel_graph.graph import Graph
from generel_graph.graph.digest import graph_digest
from generel_graph.load import load_batches
from generel_graph.load.schema import create_indexes, create_keys
from generel_graph.pipeline.embed import embed_model
from generel_graph.pipeline.train import train_model
from generel_graph.session import Session

TOML = """
data_dir = "."

[sources.diseases]
reader = "table"
files = ["diseases.tsv"]
node = "concept"
kind = "Disease"
columns = { id = "id", name = "name" }

[sources.genes]
reader = "table"
files = ["genes.tsv"]
node = "concept"
kind = "Gene"
columns = { id = "id", name = "symbol", description = "name", xrefs = ["ensembl"] }

[sources.hits]
reader = "table"
files = ["hits.tsv"]
build = "GRCh38"
columns = { start_id = "rsid", chromosome = "chr", position = "pos", alleles = ["a1", "a2"] }

[[sources.hits.edges]]
type = "ASSOCIATED_WITH"
columns = { end_id = "disease", p = "p" }

[[sources.hits.edges]]
type = "LOCATED_IN"
columns = { end_name = "gene" }

[sources.eqtl]
reader = "table"
files = ["eqtl.tsv"]
type = "REGULATES"
columns = { start_id = "rsid", end_id = "gene", p = "p", tissue = "tissue" }

[sources.list]
reader = "table"
files = ["list.tsv"]
node = "snp"
build = "GRCh38"
columns = { id = "rsid", chromosome = "chr", position = "pos", alleles = ["a1", "a2"] }

[sources.old]
reader = "table"
files = ["old.tsv"]
node = "snp"
build = "GRCh37"
columns = { id = "rsid", chromosome = "chr", position = "pos" }

[train]
steps = 12
batch_size = 8
adapter_steps = 0
validate_steps = 0
number_format = "float32"
"""
MAP = """
[sources.map]
reader = "table"
files = ["map.tsv"]
build = "GRCh38"
type = "LOCATED_IN"
columns = { start_id = "rsid", chromosome = "chr", position = "pos", end_name = "gene" }
"""
FILES = {
    "diseases": "id\tname\nMONDO:0000001\tgouty joint\nMONDO:0000002\tbrittle bone\nMONDO:0000003\tsalty sweat\n",
    "genes": "id\tsymbol\tname\tensembl\n"
    "HGNC:1\tGOUT1\turate carrier\tENSEMBL:ENSG00000000001\n"
    "HGNC:2\tBONE2\tcollagen maker\tENSEMBL:ENSG00000000002\n"
    "HGNC:3\tSALT3\tchloride channel\tENSEMBL:ENSG00000000003\n",
    "hits": "rsid\tchr\tpos\ta1\ta2\tdisease\tgene\tp\n"
    "rs1000\t1\t1000000\tA\tG\tMONDO:0000001\tGOUT1\t1e-12\n"
    "rs1012\t1\t1020000\tC\tT\tMONDO:0000001\tGOUT1\t1e-9\n"
    "rs1013\t1\t1030000\tC\tT\tMONDO:0000003\tGOUT1\t1e-8\n"
    "rs21\t2\t5000000\tA\tC\tMONDO:0000002\tBONE2\t1e-20\n"
    "rs31\t3\t700000\tA\tC\tMONDO:0000003\tSALT3\t1e-10\n"
    + "".join(f"rs{n}\t{n}\t5000\tA\tC\tMONDO:000000{n % 3 + 1}\tBONE2\t1e-15\n" for n in range(5, 15)),
    "eqtl": "rsid\tgene\tp\ttissue\n"
    "rs31\tENSG00000000003\t1e-30\tlung\n"
    "rs40\tENSG00000000003\t1e-12\tlung\n"
    "rs40\tENSG00000000009\t1e-12\tlung\n"
    "rs21\tENSG00000000009\t1e-40\tlung\n",
    "list": "rsid\tchr\tpos\ta1\ta2\nrs90\t1\t1015000\tA\tG\nrs91\t1\t90000000\tA\tG\nrs99\t1\t1010000\tA\tG\n"
    "rs40\t4\t1000\tA\tG\n",
    "old": "rsid\tchr\tpos\nrs92\t1\t1015000\nrs90\t1\t1500\n",
    "map": "rsid\tchr\tpos\tgene\nrs99\t1\t1010000\tGOUT1\n",
}


def configure(folder: Path, toml: str) -> Config:
    (folder / "generel.toml").write_text(toml, encoding="utf-8")
    for name, text in FILES.items():
        (folder / f"{name}.tsv").write_text(text, encoding="utf-8")
    return load_config(folder, {})


def load(graph: Graph, config: Config) -> None:
    create_keys(graph)
    create_indexes(graph)
    load_batches(graph, read_sources(config.etl))


def train(graph: Graph, config: Config) -> None:
    digest = graph_digest(graph) or ""
    corpus = load_corpus(graph, config, digest)
    embed_model(graph, config, train_model(config, corpus), corpus, digest)


@pytest.fixture(scope="module")
def models_made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of the model that all tests of this module share, so that it is trained once."""
    return tmp_path_factory.mktemp("on_demand") / "models"


@pytest.fixture
def session(graph: Graph, tmp_path: Path, models_made: Path) -> Session:
    config = configure(tmp_path, TOML)
    load(graph, config)
    if models_made.is_dir():
        shutil.copytree(models_made, config.state / "models")
    train(graph, config)
    if not models_made.is_dir():
        shutil.copytree(config.state / "models", models_made)
    return Session(config, graph)


def test_removed_node_gets_its_former_vector(graph: Graph, tmp_path: Path, number_format: str) -> None:
    """rs99 has only a position and a gene: without its row it is not in the graph, but the list still has its position.

    Texts are encoded beside fewer others then, so a number of theirs may be rounded to the next float16. That moves a
    number of the SNP's vector by less than 1e-4, whatever format the towers were trained in.
    """
    toml = TOML.replace('"float32"', f'"{number_format}"')
    with_node = configure(tmp_path, toml + MAP)
    load(graph, with_node)
    train(graph, with_node)
    before = Session(with_node, graph).vectors(["rs99"])
    session = Session(configure(tmp_path, toml), graph)
    load(graph, session.config)
    assert not session.vectors(["rs99"])
    for snp in ("rs99", "GRCh38:1:1010000"):
        placed = session.space(session.model_id()).snp_vectors([snp])[snp]
        assert not isinstance(placed, NotFoundError)
        np.testing.assert_allclose(placed.vector, before["rs99"], atol=1e-4)
        assert (placed.locus.genes, placed.locus.snps) == (("GOUT1",), 3)


def test_search_states_what_the_vector_of_a_new_snp_is_from(session: Session) -> None:
    answer = session.search("RS90", k=2, kind="Disease")
    assert (answer.resolved_by, answer.resolved_id, answer.term.kind) == ("locus", "rs90", "SNP")
    assert answer.hits[0].id == "MONDO:0000001"
    assert answer.hits[0].linked is None
    assert answer.sentence() == (
        "rs90 is not in the graph; its vector is from 1 gene (GOUT1) and 3 SNPs near 1:1015000 (GRCh38), from list"
    )
    told = answer.as_json()["locus"]
    assert told["place"] == "GRCh38:1:1015000"
    assert told["sources"] == ("list",)
    read = session.search("rs40", k=1)
    assert read.term.locus is not None
    assert read.term.locus.regulates == ("SALT3",)
    assert read.sentence().endswith("its vector is from 1 gene (SALT3) of eQTL rows, from eqtl")
    assert len(session.query("RETURN size($v) AS n", embed={"v": "rs90"}).rows[0]) == 1
    assert session.search("rs90").resolved_by == "locus"


def test_position_in_any_spelling_is_enough(session: Session) -> None:
    spellings = ("GRCh38:1:1015000", "grch38:chr1:1015000", "hg38:1:1015000", "GRCh38:chr1:1015000:A:G")
    answers = [session.search(text, k=3) for text in spellings]
    assert {a.resolved_by for a in answers} == {"locus"}
    assert [a.resolved_id for a in answers] == [*["GRCh38:1:1015000"] * 3, "GRCh38:1:1015000:A:G"]
    assert len({tuple(h.score for h in a.hits) for a in answers}) == 1
    # Where a node lies, the node is meant; where a list has an rsID, its eQTL rows are its own.
    assert session.search("hg38:1:1000000").resolved_id == "rs1000"
    assert session.search("hg38:1:1000000").sentence() == "'hg38:1:1000000' is the position of rs1000 (SNP)"
    assert session.search("GRCh38:1:1000000:A:C").resolved_by == "locus", "another allele is another variant"
    at = session.search("GRCh38:4:1000").term.locus
    assert at is not None
    assert at.regulates == ("SALT3",)


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("rs77", ["no such SNP", "searched: hits, eqtl, list, old"]),
        ("rs91", ["no such SNP", "nothing near its position (GRCh38:1:90000000)"]),
        ("rs92", ["no positions in its build (GRCh37:1:1015000)", "GRCh38 (15 SNPs)"]),
        ("GRCh37:1:1015000", ["no positions in its build", "GRCh38 (15 SNPs)"]),
        ("GRCh38:9:5000000", ["no such SNP", "nothing near its position"]),
    ],
)
def test_snp_without_facts_is_rejected_with_the_reason(session: Session, text: str, parts: list[str]) -> None:
    with pytest.raises(NotFoundError) as error:
        session.search(text)
    assert all(part in error.value.message for part in parts), error.value.message
    with pytest.raises(UsageError, match="genome build"):
        session.search("chr1:1015000")


def test_score_includes_new_snps_and_leaves_unknown_ones_empty(session: Session, tmp_path: Path) -> None:
    lefts = ["rs90", "rs77", "rs1000", "gouty toe", "rs40", "GRCh38:1:1015000", "1:1015000"]
    rights = ["gouty joint"] * 4 + ["SALT3", "rs90", "gouty joint"]
    scored = session.score(pl.DataFrame({"left": lefts, "right": rights}).to_pandas()).frame()
    known = scored["cosine"].notna().tolist()
    scored = scored.fillna({"left_id": "", "left_by": ""})
    assert scored["left_id"].tolist() == ["rs90", "", "rs1000", "", "rs40", "GRCh38:1:1015000", ""]
    assert scored["left_by"].tolist() == ["locus", "", "rsid", "text", "locus", "locus", ""]
    assert scored["right_by"].tolist() == ["name"] * 5 + ["locus", "name"]
    assert known == [True, False, True, True, True, True, False]
    hit = session.search("rs90", k=1, kind="Disease").hits[0]
    assert scored["cosine"][0] == pytest.approx(hit.score, abs=1e-4)
    assert scored["cosine"][5] == pytest.approx(1.0, abs=1e-5)


def test_without_a_stage_a_position_works_and_an_rsid_is_rejected(session: Session) -> None:
    for source in session.config.sources:
        folder = session.config.etl.stage_folder(source.name)
        folder.rename(folder.with_name(f"{source.name}.gone"))
    with pytest.raises(NotFoundError, match="on this machine"):
        session.search("rs90")
    assert session.search("GRCh38:1:1015000").resolved_by == "locus"
    assert list_models(session.graph)[0].id == session.model_id()
