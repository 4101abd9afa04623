"""All readers and `resolve` on the shared real data: counts that reconcile, and measured figures."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest

from generel_etl.resolve import Resolved, resolve
from generel_etl.stage import stage_source
from generel_graph.config import load_config

ROOT = Path(__file__).resolve().parents[3]
pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def result(shared_data: Path, tmp_path_factory: pytest.TempPathFactory) -> Resolved:
    environment = {
        "GENEREL_DATA_DIR": str(shared_data),
        "GENEREL_STATE_DIR": str(tmp_path_factory.mktemp("state")),
    }
    config = load_config(ROOT / "examples" / "open-data.toml", environment)
    return resolve([stage_source(source, config.etl) for source in config.sources], config.sources)


def test_every_row_of_every_source_has_one_state(result: Resolved) -> None:
    for counts in result.sources:
        parts = (counts.rows_loaded, counts.rows_merged, counts.rows_rejected, counts.rows_dangling)
        assert sum(parts) + counts.rows_staged == counts.rows_read, counts.name
    read = {counts.name: counts.rows_read for counts in result.sources}
    assert read["gwas"] == 21_335
    assert read["hapmap"] == 1_206_640


def test_keys_are_unique_and_endpoints_are_nodes(result: Resolved) -> None:
    assert result.nodes["id"].is_unique().all()
    assert result.edges.select("source", "key").is_unique().all()
    ends = pl.concat([result.edges["start"], result.edges["end"]]).unique().to_frame("id")
    assert ends.join(result.nodes, on="id", how="anti").is_empty()
    clusters = result.nodes.select(id="cluster").drop_nulls()
    assert clusters.join(result.nodes, on="id", how="anti").is_empty()


def test_clusters_have_one_id_of_each_vocabulary(result: Resolved) -> None:
    members = result.nodes.drop_nulls("cluster").select("cluster", pl.col("id").str.extract(r"^([^:]+):"))
    assert members.is_unique().all()
    sizes = members.group_by("cluster").len().filter(pl.col("len") > 1)
    assert sizes.height > 11_000
    conflicts = result.edges.filter(pl.col("flags").list.contains("cluster_conflict"))
    assert 0 < conflicts.height < 400


def test_mirrored_rows_are_one_edge(result: Resolved) -> None:
    counts = {c.name: c for c in result.sources}
    assert (counts["primekg"].edges, counts["primekg"].rows_merged) == (13_145, 13_145)
    assert (counts["medline"].edges, counts["medline"].rows_merged) == (8_778, 8_778)


def test_snp_list_adds_positions_and_no_nodes(result: Resolved) -> None:
    assert {c.name: c.nodes for c in result.sources}["hapmap"] == 0
    snps = result.nodes.filter(kind="SNP")
    assert snps.filter(pl.col("alleles").is_not_null()).height > 10_000


def test_asthma_is_one_cluster_and_gwas_catalogue_rows_resolve_to_it(result: Resolved) -> None:
    cluster = dict(result.nodes.select("id", "cluster").rows())
    assert cluster["DOID:2841"] == cluster["MONDO:0004979"] == "MONDO:0004979"
    named = result.edges.filter((pl.col("source") == "gwas") & (pl.col("end") == "MONDO:0004979"))
    assert named.height > 100, "EFO:0000270 (asthma) is not in the EFO file, but MONDO has a cross-reference to it"


def test_phecodes_join_clusters_and_never_represent_them(result: Resolved) -> None:
    cluster = dict(result.nodes.select("id", "cluster").rows())
    assert cluster["PHECODE:250.2"] == "MONDO:0005148", "type 2 diabetes, by a synonym"
    assert cluster["PHECODE:250.3"] == "PHECODE:250.3", "users of insulin pumps are not joined"
    edges = result.edges.filter(source="phecode")
    assert edges.filter(type="SAME_AS").height > 500
    assert edges.filter(type="XREF")["weight"].null_count() == edges.filter(type="XREF").height > 4_000
    others = result.nodes.filter(~pl.col("id").str.starts_with("PHECODE:"))
    assert not others["cluster"].drop_nulls().str.starts_with("PHECODE:").any()


def test_ld_edges_join_only_mentioned_snps(result: Resolved) -> None:
    pairs = result.edges.filter(type="IN_LD_WITH")
    assert pairs.height > 1_000
    others = result.edges.filter(pl.col("type") != "IN_LD_WITH")
    named = pl.concat([others["start"], others["end"]]).unique().implode()
    assert pairs["start"].is_in(named).all()
    assert pairs["end"].is_in(named).all()


def test_excluded_phenotypes_have_a_negative_type(result: Resolved) -> None:
    annotations = result.edges.filter(source="hpo_annotations")
    types = dict(annotations["type"].value_counts().rows())
    assert set(types) == {"HAS_PHENOTYPE", "NOT_HAS_PHENOTYPE"}
    assert types["NOT_HAS_PHENOTYPE"] == 2_704
    frequencies = annotations.filter(type="HAS_PHENOTYPE")["frequency"].drop_nulls()
    assert frequencies.is_between(0, 1, closed="right").all()


def test_effects_of_a_cohort_agree_with_the_catalogue(result: Resolved) -> None:
    """The agreement shows that the odds ratios refer to the alternative allele, as the reader assumes."""
    cluster = result.nodes.select(end="id", cluster="cluster")
    sure = result.edges.filter(
        pl.col("odds_ratio").is_not_null()
        & ~pl.col("flags").list.contains("palindromic")
        & ~pl.col("flags").list.contains("sub_significant")
    ).join(cluster, on="end")
    catalogue = sure.filter(source="gwas").select("start", "cluster", allele="effect_allele", ratio="odds_ratio")
    shared = sure.filter(source="phewas").join(catalogue, on=["start", "cluster"])
    same, other = (pl.col("allele") == pl.col(f"{side}_allele") for side in ("effect", "other"))
    harmonised = pl.when(same).then("ratio").when(other).then(1 / pl.col("ratio"))
    shared = shared.with_columns(harmonised=harmonised).drop_nulls("harmonised")
    agree = ((shared["harmonised"] > 1) == (shared["odds_ratio"] > 1)).mean()
    assert shared.height > 300
    assert agree > 0.95
