"""SNPs that are no nodes, placed when they are asked for.

The stage says where an SNP lies and which genes its eQTL rows name; the corpus says what the graph holds around it;
the SNP tower of a model makes its vector of that.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import polars as pl
from numpy.typing import NDArray

from generel_etl.errors import NotFoundError
from generel_etl.identifiers import normalise_rsid
from generel_etl.stage import Stage, read_stage
from generel_etl.stage_lookup import (
    POSITION_COLUMNS,
    REGULATES,
    eqtl_rows,
    rsids_at_positions,
    searchable_sources,
    snp_positions,
)
from generel_graph.ask import Locus, SnpVector
from generel_graph.ask.entity_linking import link_all, place_of
from generel_graph.config import Config
from generel_graph.config.fingerprint import RULES
from generel_graph.corpus.cache import read_cached_nodes
from generel_graph.corpus.load import load_corpus
from generel_graph.corpus.read import corpus_name
from generel_graph.corpus.schema import EdgeArrays
from generel_graph.corpus.tasks import enabled_tasks
from generel_graph.graph import Graph
from generel_graph.graph.digest import graph_digest

if TYPE_CHECKING:
    from generel_graph.encode import Encoder
    from generel_graph.learn import Model, Neighbourhoods, SnpNeighbourhood

CHUNK = 500  # SNPs placed at once
TEXTS = {"code": pl.String, "id": pl.String}
NEIGHBOURS = f"neighbours_{RULES}"  # beside the corpus that they are those of


@dataclass(frozen=True, slots=True)
class StagedFacts:
    """What questions themselves and the stage say of SNPs."""

    places: pl.DataFrame  # id, build, chromosome, position, source ("": the question itself); several an SNP
    eqtl: pl.DataFrame  # id, gene_id, gene_name, weight, neg_log10_p, source
    stages: Sequence[Stage]  # that were looked in


def new_snp_vectors(
    graph: Graph, config: Config, opened: Callable[[], tuple[Model, Encoder]], snps: Sequence[str]
) -> Mapping[str, SnpVector | NotFoundError]:
    """Vectors of SNPs that are no nodes, by id (`rs…`, `build:chr:pos[:ref:alt]`); an error where there is none.

    `opened` gives the model and its encoder; it is not called where nobody knows any of the SNPs.
    """
    stages = [stage for s in config.sources if (stage := read_stage(config.etl.stage_folder(s.name))) is not None]
    said = _said(stages, snps)
    spoken = {*said.places["id"], *said.eqtl["id"]}
    named = [snp for snp in snps if snp in spoken]
    found: dict[str, SnpVector] = {}
    builds: dict[str, int] = {}
    if named:
        model, encoder = opened()
        nodes, neighbourhoods = _corpus(graph, config, model.same_locus)
        builds = neighbourhoods.builds()
        places, eqtl = _in_one_build(said.places, list(builds)), _on_nodes(graph, said.eqtl, nodes)
        for at in range(0, len(named), CHUNK):
            found |= _placed(model, encoder, nodes, neighbourhoods, places, eqtl, named[at : at + CHUNK])
    lost = [snp for snp in snps if snp not in found]
    return found | (_reasons(lost, said, config, graph, builds) if lost else {})


def _said(stages: Sequence[Stage], snps: Sequence[str]) -> StagedFacts:
    schema = {"code": pl.String, **POSITION_COLUMNS, "alleles": pl.List(pl.String)}
    asked = pl.DataFrame([at for snp in snps if (at := place_of(snp))], schema=schema)
    rsids = [snp for snp in snps if normalise_rsid(snp)]
    own = asked.select(pl.col("code").alias("id"), *POSITION_COLUMNS, pl.lit("").alias("source"))
    listed = snp_positions(stages if rsids else [], rsids)
    called = rsids_at_positions(
        stages if len(asked) else [], asked
    )  # a place whose rsID a list states has its eQTL rows
    names = pl.concat([pl.DataFrame({"code": rsids, "id": rsids}, schema=TEXTS), called.select("code", "id")])
    rows = names.join(eqtl_rows(stages, names["id"].to_list()), on="id").drop("id").rename({"code": "id"})
    return StagedFacts(pl.concat([own, listed]), rows, stages)


def _corpus(graph: Graph, config: Config, same_locus: bool) -> tuple[pl.DataFrame, Neighbourhoods]:
    """The nodes of the graph's corpus and its neighbourhoods; these are made once a graph, and kept."""
    from generel_graph.learn import Neighbourhoods

    folder, digest = config.sampled_folder, graph_digest(graph) or ""
    name = corpus_name(digest, enabled_tasks(config.tasks), config.train.published_before)
    path = folder / name / f"{NEIGHBOURS}{'' if same_locus else '_without_locus'}.npz"
    neighbourhoods = Neighbourhoods.read(path)
    if neighbourhoods is None:
        neighbourhoods = Neighbourhoods.from_corpus(load_corpus(graph, config, digest), same_locus)
        neighbourhoods.write(path)
    nodes = read_cached_nodes(folder, name)
    assert nodes is not None, "what was just sampled is kept"
    return nodes, neighbourhoods


def _in_one_build(places: pl.DataFrame, builds: Sequence[str]) -> pl.DataFrame:
    """One place an SNP: of those in several builds, in the build of which the graph has the most SNPs."""
    rank = pl.col("build").replace_strict(builds, range(len(builds)), default=len(builds), return_dtype=pl.Int64)
    return places.sort(rank, maintain_order=True).unique("id", keep="first", maintain_order=True)


def _on_nodes(graph: Graph, rows: pl.DataFrame, nodes: pl.DataFrame) -> pl.DataFrame:
    """eQTL rows with their genes as nodes of the corpus, by code, else by symbol; others are left out."""
    texts = pl.concat([rows["gene_id"], rows["gene_name"]]).drop_nulls().unique().sort()
    genes = {text: link.id for text, link in link_all(graph, texts).items() if link.kind == "Gene"}
    numbers = nodes.lazy().select(gene="ids").with_row_index("node").filter(pl.col("gene").is_in(list(genes.values())))
    linked = pl.DataFrame(
        {"text": list(genes), "gene": list(genes.values())}, schema=dict.fromkeys(("text", "gene"), pl.String)
    )
    by_text = linked.join(numbers.collect(), on="gene")
    one, other = (
        pl.col(c).replace_strict(by_text["text"], by_text["node"], default=None) for c in ("gene_id", "gene_name")
    )
    return rows.with_columns(pl.coalesce(one, other).cast(pl.Int64).alias("node")).drop_nulls("node")


def _placed(
    model: Model,
    encoder: Encoder,
    nodes: pl.DataFrame,
    neighbourhoods: Neighbourhoods,
    places: pl.DataFrame,
    eqtl: pl.DataFrame,
    snps: Sequence[str],
) -> dict[str, SnpVector]:
    """Those of `snps` of which anything is known."""
    from generel_graph.learn import SnpQuery, snp_neighbourhood

    numbers = pl.DataFrame({"id": snps}, schema={"id": pl.String}).with_row_index("number")
    at = numbers.join(places, on="id", how="left", maintain_order="left")
    rows = numbers.join(eqtl, on="id")
    where = at.select(pl.concat_str("build", "chromosome", separator=":").fill_null("")).to_series()
    position = at["position"].fill_null(-1).to_numpy()
    local = snp_neighbourhood(neighbourhoods, SnpQuery(tuple(where), position, _edges(rows)))
    texts = _texts(nodes, local)
    vectors, is_known = model.snp_vectors(local, texts, encoder)
    listed = at["source"].fill_null("").to_list()
    tables = dict(rows.group_by("id").agg(pl.col("source").unique().sort()).iter_rows())
    symbols = _symbols(nodes, [*local.nearby_genes, *local.eqtl_genes])
    found = {}
    for i in np.flatnonzero(is_known).tolist():
        near = bool(len(local.nearby_genes[i]) or local.locus_snps[i])
        sources = dict.fromkeys([listed[i] if near else "", *tables.get(snps[i], ())])
        found[snps[i]] = SnpVector(
            vectors[i],
            Locus(
                place=f"{where[i]}:{position[i]}" if where[i] else "",
                genes=tuple(symbols[g] for g in local.nearby_genes[i]),
                snps=int(local.locus_snps[i]),
                regulates=tuple(symbols[g] for g in local.eqtl_genes[i]),
                sources=tuple(filter(None, sources)),
            ),
        )
    return found


def _edges(eqtl: pl.DataFrame) -> EdgeArrays:
    m = len(eqtl)
    return EdgeArrays(
        types=(REGULATES,),
        starts=eqtl["number"].to_numpy().astype(np.int32),
        ends=eqtl["node"].to_numpy().astype(np.int32),
        type=np.zeros(m, dtype=np.int16),
        weights=eqtl["weight"].fill_null(0.0).to_numpy().astype(np.float32),
        log_odds=np.full(m, np.nan, dtype=np.float32),
        neg_log10_p=eqtl["neg_log10_p"].cast(pl.Float32).fill_null(float("nan")).to_numpy(),
    )


def _texts(nodes: pl.DataFrame, local: SnpNeighbourhood) -> list[str]:
    """What each local node reads as; an SNP, asked or not, has no text."""
    known = np.maximum(local.nodes, 0)
    texts = nodes["texts"].gather(known) if len(nodes) else pl.Series([""] * len(known))
    return list(texts.zip_with(pl.Series(local.nodes >= 0), pl.Series([""]).new_from_index(0, len(known))))


def _symbols(nodes: pl.DataFrame, genes: Sequence[NDArray[np.int64]]) -> dict[int, str]:
    """The symbol of each gene: what its text begins with."""
    met = np.unique(np.concatenate([np.empty(0, dtype=np.int64), *genes]))
    return {int(i): text.partition(":")[0] for i, text in zip(met, nodes["texts"].gather(met), strict=True)}


def _reasons(
    snps: Sequence[str], said: StagedFacts, config: Config, graph: Graph, builds: Mapping[str, int]
) -> dict[str, NotFoundError]:
    """Why SNPs cannot be placed, and what would help."""
    counted = [f"{build} ({count:,} SNP{'' if count == 1 else 's'})" for build, count in builds.items()]
    known = _in_one_build(said.places, list(builds))
    at = dict(known.select("id", pl.concat_str(*POSITION_COLUMNS, separator=":")).iter_rows())
    searched = searchable_sources(said.stages)
    here = "as GRCh38:1:1034943"
    reasons = {}
    for snp in snps:
        build = at.get(snp, "").partition(":")[0]
        if build and build not in builds:
            what = f"the graph has no such SNP, and no positions in its build ({at[snp]})"
            reasons[snp] = _lost(snp, what, graph.uri, "ask for its place in a build that the graph has", counted)
        elif build:
            what = f"the graph has no such SNP, and knows nothing around it ({at[snp]})"
            reasons[snp] = _lost(snp, what, graph.uri, "load a source that has it", counted)
        elif searched:
            what = f"the graph has no such SNP, and no staged row places it (looked in {', '.join(searched)})"
            reasons[snp] = _lost(snp, what, graph.uri, f"load a source that has it, or ask for its place, {here}")
        else:
            what = "the graph has no such SNP, and no staged list or eQTL table that might place it is on this machine"
            step = f"run `generel-graph load` here, or ask for its place, {here}"
            reasons[snp] = _lost(snp, what, config.state / "stage", step)
    return reasons


def _lost(snp: str, what: str, where: object, next_step: str, valid: Sequence[str] = ()) -> NotFoundError:
    return NotFoundError(what, where=where, found=snp, valid=valid, next_step=next_step)
