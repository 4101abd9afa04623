"""Vectors of SNPs that are not in the graph, computed when they are queried.

The stage has the position of an SNP and the genes of its eQTL rows; the corpus has the graph around that position; the
SNP tower of the model computes the vector from both.
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
from generel_graph.ask.entity_linking import link_all, position_of
from generel_graph.ask.space import Locus, SnpVector
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

CHUNK = 500  # SNPs per batch
TEXTS = {"code": pl.String, "id": pl.String}
NEIGHBOURS = f"neighbours_{RULES}"  # file name, in the folder of the corpus


@dataclass(frozen=True, slots=True)
class StagedFacts:
    """Facts about SNPs from the query and the stage."""

    positions: pl.DataFrame  # id, build, chromosome, position, source ("": the query); several rows per SNP
    eqtl: pl.DataFrame  # id, gene_id, gene_name, weight, neg_log10_p, source
    stages: Sequence[Stage]  # that were searched


def new_snp_vectors(
    graph: Graph, config: Config, opened: Callable[[], tuple[Model, Encoder]], snps: Sequence[str]
) -> Mapping[str, SnpVector | NotFoundError]:
    """Vectors of SNPs that are not in the graph, by id (`rs…`, `build:chr:pos[:ref:alt]`), or errors.

    `opened` returns the model and its encoder; it is called only if facts about an SNP exist.
    """
    stages = [stage for s in config.sources if (stage := read_stage(config.etl.stage_folder(s.name))) is not None]
    facts = _staged_facts(stages, snps)
    with_facts = {*facts.positions["id"], *facts.eqtl["id"]}
    known = [snp for snp in snps if snp in with_facts]
    vectors: dict[str, SnpVector] = {}
    builds: dict[str, int] = {}
    if known:
        model, encoder = opened()
        nodes, neighbourhoods = _corpus(graph, config, model.same_locus)
        builds = neighbourhoods.builds()
        positions, eqtl = _in_one_build(facts.positions, list(builds)), _with_genes(graph, facts.eqtl, nodes)
        for begin in range(0, len(known), CHUNK):
            batch = known[begin : begin + CHUNK]
            vectors |= _vectors(model, encoder, nodes, neighbourhoods, positions, eqtl, batch)
    missing = [snp for snp in snps if snp not in vectors]
    return vectors | (_errors(missing, facts, config, graph, builds) if missing else {})


def _staged_facts(stages: Sequence[Stage], snps: Sequence[str]) -> StagedFacts:
    schema = {"code": pl.String, **POSITION_COLUMNS, "alleles": pl.List(pl.String)}
    queried = pl.DataFrame([position for snp in snps if (position := position_of(snp))], schema=schema)
    rsids = [snp for snp in snps if normalise_rsid(snp)]
    own = queried.select(pl.col("code").alias("id"), *POSITION_COLUMNS, pl.lit("").alias("source"))
    listed = snp_positions(stages if rsids else [], rsids)
    at_positions = rsids_at_positions(stages if len(queried) else [], queried)  # their eQTL rows count for the position
    names = pl.concat([pl.DataFrame({"code": rsids, "id": rsids}, schema=TEXTS), at_positions.select("code", "id")])
    rows = names.join(eqtl_rows(stages, names["id"].to_list()), on="id").drop("id").rename({"code": "id"})
    return StagedFacts(pl.concat([own, listed]), rows, stages)


def _corpus(graph: Graph, config: Config, same_locus: bool) -> tuple[pl.DataFrame, Neighbourhoods]:
    """The nodes of the graph's corpus and its neighbourhoods, which are cached per graph."""
    from generel_graph.learn import Neighbourhoods

    folder, digest = config.sampled_folder, graph_digest(graph) or ""
    name = corpus_name(digest, enabled_tasks(config.tasks), config.train.published_before)
    path = folder / name / f"{NEIGHBOURS}{'' if same_locus else '_without_locus'}.npz"
    neighbourhoods = Neighbourhoods.read(path)
    if neighbourhoods is None:
        neighbourhoods = Neighbourhoods.from_corpus(load_corpus(graph, config, digest), same_locus)
        neighbourhoods.write(path)
    nodes = read_cached_nodes(folder, name)
    assert nodes is not None, "the corpus was just cached"
    return nodes, neighbourhoods


def _in_one_build(positions: pl.DataFrame, builds: Sequence[str]) -> pl.DataFrame:
    """One position per SNP, in the build with the most SNPs in the graph."""
    rank = pl.col("build").replace_strict(builds, range(len(builds)), default=len(builds), return_dtype=pl.Int64)
    return positions.sort(rank, maintain_order=True).unique("id", keep="first", maintain_order=True)


def _with_genes(graph: Graph, rows: pl.DataFrame, nodes: pl.DataFrame) -> pl.DataFrame:
    """The eQTL rows whose gene is a node of the corpus, by code or else by symbol, with the index of that node."""
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


def _vectors(
    model: Model,
    encoder: Encoder,
    nodes: pl.DataFrame,
    neighbourhoods: Neighbourhoods,
    positions: pl.DataFrame,
    eqtl: pl.DataFrame,
    snps: Sequence[str],
) -> dict[str, SnpVector]:
    """The vectors of those `snps` that have any neighbours or genes."""
    from generel_graph.learn import SnpQuery, snp_neighbourhood

    numbers = pl.DataFrame({"id": snps}, schema={"id": pl.String}).with_row_index("number")
    at = numbers.join(positions, on="id", how="left", maintain_order="left")
    rows = numbers.join(eqtl, on="id")
    where = at.select(pl.concat_str("build", "chromosome", separator=":").fill_null("")).to_series()
    position = at["position"].fill_null(-1).to_numpy()
    local = snp_neighbourhood(neighbourhoods, SnpQuery(tuple(where), position, _edges(rows)))
    texts = _texts(nodes, local)
    vectors, is_known = model.snp_vectors(local, texts, encoder)
    listed = at["source"].fill_null("").to_list()
    tables = dict(rows.group_by("id").agg(pl.col("source").unique().sort()).iter_rows())
    symbols = _symbols(nodes, [*local.nearby_genes, *local.eqtl_genes])
    vectors_by_id = {}
    for i in np.flatnonzero(is_known).tolist():
        near = bool(len(local.nearby_genes[i]) or local.locus_snps[i])
        sources = dict.fromkeys([listed[i] if near else "", *tables.get(snps[i], ())])
        vectors_by_id[snps[i]] = SnpVector(
            vectors[i],
            Locus(
                position=f"{where[i]}:{position[i]}" if where[i] else "",
                genes=tuple(symbols[g] for g in local.nearby_genes[i]),
                snps=int(local.locus_snps[i]),
                regulates=tuple(symbols[g] for g in local.eqtl_genes[i]),
                sources=tuple(filter(None, sources)),
            ),
        )
    return vectors_by_id


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
    """The text of each local node; SNPs have none."""
    known = np.maximum(local.nodes, 0)
    texts = nodes["texts"].gather(known) if len(nodes) else pl.Series([""] * len(known))
    return list(texts.zip_with(pl.Series(local.nodes >= 0), pl.Series([""]).new_from_index(0, len(known))))


def _symbols(nodes: pl.DataFrame, genes: Sequence[NDArray[np.int64]]) -> dict[int, str]:
    """The symbol of each gene, which is the beginning of its text."""
    used = np.unique(np.concatenate([np.empty(0, dtype=np.int64), *genes]))
    return {int(i): text.partition(":")[0] for i, text in zip(used, nodes["texts"].gather(used), strict=True)}


def _errors(
    snps: Sequence[str], facts: StagedFacts, config: Config, graph: Graph, builds: Mapping[str, int]
) -> dict[str, NotFoundError]:
    """Why each SNP has no vector, and the next step."""
    counted = [f"{build} ({count:,} SNP{'' if count == 1 else 's'})" for build, count in builds.items()]
    known = _in_one_build(facts.positions, list(builds))
    positions = dict(known.select("id", pl.concat_str(*POSITION_COLUMNS, separator=":")).iter_rows())
    searched = searchable_sources(facts.stages)
    example = "as GRCh38:1:1034943"
    errors = {}
    for snp in snps:
        position = positions.get(snp, "")
        build = position.partition(":")[0]
        if build and build not in builds:
            what = f"the graph has no such SNP, and no positions in its build ({position})"
            errors[snp] = _error(snp, what, graph.uri, "use its position in a build that the graph has", counted)
        elif build:
            what = f"the graph has no such SNP, and nothing near its position ({position})"
            errors[snp] = _error(snp, what, graph.uri, "load a source that has it", counted)
        elif searched:
            what = f"the graph has no such SNP, and no staged row has its position (searched: {', '.join(searched)})"
            errors[snp] = _error(snp, what, graph.uri, f"load a source that has it, or use its position, {example}")
        else:
            what = "the graph has no such SNP, and no staged SNP list or eQTL table is on this machine"
            step = f"run `generel-graph load` on this machine, or use its position, {example}"
            errors[snp] = _error(snp, what, config.state / "stage", step)
    return errors


def _error(snp: str, what: str, where: object, next_step: str, valid: Sequence[str] = ()) -> NotFoundError:
    return NotFoundError(what, where=where, found=snp, valid=valid, next_step=next_step)
