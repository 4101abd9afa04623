"""The shared real data through all readers and `resolve`: counts that reconcile, and figures that were measured."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest

from generel_etl.resolve import Resolved, resolve
from generel_etl.stage import stage_source
from generel_graph.config import load_config

ROOT = Path(__file__).resolve().parents[2]
pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def result(shared_data: Path, tmp_path_factory: pytest.TempPathFactory) -> Resolved:
    environment = {
        "GENEREL_DATA_DIR": str(shared_data),
        "GENEREL_STATE_DIR": str(tmp_path_factory.mktemp("state")),
    }
    config = load_config(ROOT / "examples" / "open-data.toml", environment)
    return resolve([stage_source(source, config) for source in config.sources], config.sources)


def test_every_row_of_every_source_has_one_state(result: Resolved) -> None:
    for counts in result.sources:
        parts = (counts.rows_loaded, counts.rows_merged, counts.rows_rejected, counts.rows_dangling)
        assert sum(parts) + counts.rows_staged == counts.rows_read, counts.name
    read = {counts.name: counts.rows_read for counts in result.sources}
    assert read["gwas"] == 21_335
    assert read["hapmap"] == 1_206_640


def test_keys_are_unique_and_ends_are_nodes(result: Resolved) -> None:
    assert result.nodes["id"].is_unique().all()
    assert result.edges.select("source", "key").is_unique().all()
    ends = pl.concat([result.edges["start"], result.edges["end"]]).unique().to_frame("id")
    assert ends.join(result.nodes, on="id", how="anti").is_empty()
    clusters = result.nodes.select(id="cluster").drop_nulls()
    assert clusters.join(result.nodes, on="id", how="anti").is_empty()


def test_clusters_hold_one_id_of_a_vocabulary(result: Resolved) -> None:
    members = result.nodes.drop_nulls("cluster").select("cluster", pl.col("id").str.extract(r"^([^:]+):"))
    assert members.is_unique().all()
    sizes = members.group_by("cluster").len().filter(pl.col("len") > 1)
    assert sizes.height > 11_000
    assert 0 < result.clusters_left_out.height < 400


def test_mirrors_are_one_edge(result: Resolved) -> None:
    counts = {c.name: c for c in result.sources}
    assert (counts["primekg"].edges, counts["primekg"].rows_merged) == (13_145, 13_145)
    assert (counts["medline"].edges, counts["medline"].rows_merged) == (8_778, 8_778)


def test_a_snp_list_gives_places_and_no_nodes(result: Resolved) -> None:
    assert {c.name: c.nodes for c in result.sources}["hapmap"] == 0
    snps = result.nodes.filter(kind="SNP")
    assert snps.filter(pl.col("alleles").is_not_null()).height > 10_000


def test_asthma_is_one_cluster_and_the_catalogue_finds_it(result: Resolved) -> None:
    cluster = dict(result.nodes.select("id", "cluster").rows())
    assert cluster["DOID:2841"] == cluster["MONDO:0004979"] == "MONDO:0004979"
    named = result.edges.filter((pl.col("source") == "gwas") & (pl.col("end") == "MONDO:0004979"))
    assert named.height > 100, "EFO:0000270 (asthma) is not in the EFO file: MONDO's cross-reference leads there"
