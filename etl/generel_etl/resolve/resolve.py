"""Resolve the staged tables of all sources into one graph, step by step."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import replace
from types import MappingProxyType

import polars as pl

from generel_etl.config import SourceConfig
from generel_etl.digest import sum_digests
from generel_etl.progress import Progress, silent
from generel_etl.resolve.counts import (
    DANGLING,
    DEFINITION,
    EDGE,
    LOADED,
    MENTION,
    STAGED,
    STATE,
    count_rows,
    duplicate_states,
    row_states,
)
from generel_etl.resolve.edges import finish_edges, harmonise_alleles, merge_duplicates, order_symmetric_endpoints
from generel_etl.resolve.gather import SRC, StagedTables, gather
from generel_etl.resolve.linking import LinkedMentions, link_mentions
from generel_etl.resolve.nodes import concept_nodes, finish_nodes, mentioned_nodes, snp_nodes
from generel_etl.resolve.outcomes import EdgeOutcomes, decide_outcomes, identity_edges
from generel_etl.resolve.result import Resolved, SourceCounts, StagedSource, empty_graph
from generel_etl.resolve.snps import current_id, snp_positions
from generel_etl.resolve.vocabulary import Vocabulary, build_vocabulary

_STEPS = ("equivalence", "mentions", "edges", "nodes", "keys and digests", "counts")


def resolve(stages: Sequence[StagedSource], sources: Sequence[SourceConfig], progress: Progress = silent) -> Resolved:
    """Resolve all staged tables into the nodes and edges of the graph, and count the rows of each source by state.

    A pure function of the tables and of the order of `sources`; `stages` may have any order.
    Raises DataError for a source that is not staged, and if the counts of rows do not reconcile.
    """
    if not sources:
        return empty_graph()
    steps = iter(enumerate(_STEPS))

    def step() -> None:
        done, name = next(steps)
        progress("resolve", done, len(_STEPS), name)

    step()
    tables = gather(stages, sources)
    vocabulary, edges = build_vocabulary(tables)
    tables = replace(tables, edges=())  # releases the largest tables
    step()
    mentions = link_mentions(tables, vocabulary, edges)
    del edges
    step()
    outcomes = decide_outcomes(tables, vocabulary, mentions)
    step()
    nodes = _nodes(tables, vocabulary, mentions, outcomes)
    step()
    connected = list(outcomes.edges)
    outcomes = replace(outcomes, edges=())
    finished, edge_states = _edges(vocabulary, mentions, connected, sources, nodes=nodes, inactive=outcomes.inactive)
    step()
    rows = [
        _row_counts(tables, src, mentions, outcomes, nodes=nodes, edges=edge_states[src]) for src in range(len(sources))
    ]
    counts = tuple(
        _source_counts(stage, source, counted, nodes, table)
        for stage, source, counted, table in zip(tables.stages, sources, rows, finished, strict=True)
    )
    progress("resolve", len(_STEPS), len(_STEPS))
    by_name = sorted(range(len(sources)), key=lambda src: sources[src].name)
    return Resolved(
        nodes=nodes,
        edges=pl.concat([finished[src] for src in by_name]),
        sources=counts,
        dangling=pl.concat([outcomes.dangling[src] for src in by_name]),
    )


def _nodes(
    tables: StagedTables, vocabulary: Vocabulary, mentions: LinkedMentions, outcomes: EdgeOutcomes
) -> pl.DataFrame:
    """All nodes: active terms, concepts that are nodes by mention, and SNPs."""
    used = []
    for batch, targets, edges in zip(mentions.batches, mentions.endpoints, outcomes.edges, strict=True):
        loaded = edges.filter(pl.col("state") == LOADED)
        endpoints = pl.concat([loaded["start_endpoint"], loaded["end_endpoint"]]).unique()
        used.append(
            batch.endpoints.select("kind", pl.lit(batch.src, dtype=SRC).alias("src"))
            .hstack(targets.rename({"target": "id"}))
            .select(pl.all().gather(endpoints))
        )
    of_edges = pl.concat(used)
    firm = mentions.records.filter(~pl.col("load_if_mentioned")).join(
        outcomes.staged_rows, on=["src", "row"], how="anti"
    )
    of_records = mentions.concepts.filter("record").join(
        firm.select("src", "row", "id"), on=["src", "row", "id"], how="semi"
    )
    concept_ids = of_edges.filter(pl.col("kind") != "SNP").select("id")
    ids = pl.concat([concept_ids, of_records.select(id="target")]).unique()
    own_ids = ids.join(vocabulary.terms.frame, on="id", how="anti")["id"].drop_nulls()
    terms = vocabulary.terms.frame.filter(~pl.col("id").is_in(outcomes.inactive.implode()))
    owned = pl.concat([terms.select("id", "src", "kind"), mentioned_nodes(mentions.concepts, own_ids)], how="diagonal")
    by_other_id = mentions.concepts.filter(pl.col("method").is_in(["replacement", "cross_reference", "name"]))
    xrefs = [
        vocabulary.equivalence.cross_references.select("id", "other"),
        vocabulary.terms.replaced.select(id="target", other="alt"),
        by_other_id.select(id="target", other="id"),
        *(mentions.records.select("id", other=c).explode("other") for c in ("xrefs", "exact_matches", "alt_ids")),
    ]
    clusters = vocabulary.clusters_of_nodes(outcomes.inactive)
    concepts = concept_nodes(owned, tables.concepts, pl.concat(xrefs).drop_nulls(), clusters)
    records = tables.snps.join(outcomes.staged_rows, on=["src", "row"], how="anti")
    snps = pl.concat(
        [
            of_edges.filter(pl.col("kind") == "SNP").select("id", "src"),
            records.select(current_id("id", mentions.renamed).alias("id"), "src"),
        ]
    )
    positions = snp_positions(tables, snps["id"].unique(), mentions.renamed)
    return finish_nodes(
        [concepts, snp_nodes(snps, positions, mentions.renamed)], [source.name for source in tables.sources]
    )


def _edges(
    vocabulary: Vocabulary,
    mentions: LinkedMentions,
    connected: list[pl.DataFrame],
    sources: Sequence[SourceConfig],
    *,
    nodes: pl.DataFrame,
    inactive: pl.Series,
) -> tuple[list[pl.DataFrame], list[pl.DataFrame]]:
    """For each source, in order, its finished edges, and row and state of each of its edges.

    `connected`: the edges of each batch; emptied one by one, to release memory.
    """
    identities = identity_edges(vocabulary.equivalence.pairs, vocabulary.clusters.left_out, inactive)
    alleles = nodes.filter(pl.col("alleles").is_not_null()).select("id", "alleles")
    kinds = nodes.select("id", "kind")
    finished, states = [], []
    for src, source in enumerate(sources):
        loaded, others = [], []
        for number, batch in enumerate(mentions.batches):
            if batch.src == src:
                table = connected[number].drop("start_endpoint", "end_endpoint")
                connected[number] = table.clear()
                is_loaded = table["state"] == LOADED
                others.append(table.filter(~is_loaded).select("row", "state"))
                loaded.append(table if is_loaded.all() else table.filter(is_loaded))
        harmonised = harmonise_alleles(pl.concat(loaded, how="diagonal"), alleles, kinds)
        distinct, merge_states = merge_duplicates(order_symmetric_endpoints(harmonised))
        states.append(pl.concat([merge_states, *others]))
        own = identities.filter(pl.col("src") == src).drop("src")
        finished.append(
            finish_edges(pl.concat([distinct, own], how="diagonal") if own.height else distinct, source.name)
        )
    return finished, states


def _row_counts(
    tables: StagedTables,
    src: int,
    mentions: LinkedMentions,
    outcomes: EdgeOutcomes,
    *,
    nodes: pl.DataFrame,
    edges: pl.DataFrame,
) -> dict[str, int]:
    """Count the rows of one source by state. `edges`: row and state of each of its edges."""
    stage = tables.stages[src]
    concepts = tables.concepts.filter(pl.col("src") == src).drop("src")
    defined = concepts.filter("defined")
    is_active = ~pl.col("id").is_in(outcomes.inactive.implode())
    targets = mentions.concepts.filter((pl.col("src") == src) & pl.col("record")).select("row", "id", "target")
    is_node = pl.col("target").is_in(nodes["id"].implode())
    records = concepts.filter(~pl.col("defined")).join(targets, on=["row", "id"], how="left").with_columns(
        dangles=pl.col("target").is_null(), is_staged=pl.col("load_if_mentioned") & ~is_node.fill_null(False)
    )  # fmt: skip
    firm = records.filter(~pl.col("dangles") & ~pl.col("is_staged")).drop("dangles", "is_staged", "target")
    loaded_snps = (
        stage.snps()
        .with_columns(current_id("id", mentions.renamed).alias("id"))
        .join(nodes.lazy().filter(pl.col("kind") == "SNP").select("id"), on="id", how="semi")
        .drop("load_if_mentioned")
        .collect()
    )
    snp_rows = stage.snps().select("row").unique().collect()
    return count_rows(
        stage,
        [
            row_states(duplicate_states(defined.filter(is_active)), DEFINITION),
            row_states(_with_state(defined.filter(~is_active), STAGED), DEFINITION),
            row_states(edges, EDGE),
            row_states(outcomes.mappings[src], EDGE),
            row_states(_with_state(mentions.unmentioned[src], STAGED), EDGE),
            row_states(duplicate_states(firm), MENTION),
            row_states(_with_state(records.filter("is_staged"), STAGED), MENTION),
            row_states(_with_state(records.filter(pl.col("dangles") & ~pl.col("is_staged")), DANGLING), MENTION),
            row_states(duplicate_states(loaded_snps), MENTION),
            row_states(_with_state(snp_rows, STAGED), MENTION),
        ],
    )


def _with_state(rows: pl.DataFrame, state: int) -> pl.DataFrame:
    return rows.select("row", pl.lit(state, dtype=STATE).alias("state"))


def _source_counts(
    stage: StagedSource, source: SourceConfig, rows: dict[str, int], nodes: pl.DataFrame, edges: pl.DataFrame
) -> SourceCounts:
    owned = nodes.filter(pl.col("source") == source.name)
    methods = edges.group_by("resolved_by").len().sort("resolved_by")
    return SourceCounts(
        name=source.name,
        rows_read=stage.rows_read,
        rows_loaded=rows["loaded"],
        rows_merged=rows["merged"],
        rows_rejected=rows["rejected"],
        rows_dangling=rows["dangling"],
        rows_staged=rows["staged"],
        nodes=owned.height,
        edges=edges.height,
        digest=sum_digests(pl.concat([owned["digest"], edges["digest"]])),
        version=source.version,
        licence=source.licence,
        url=source.url,
        sha256=_sha256(stage),
        resolved_by=MappingProxyType(dict(methods.rows())),
    )


def _sha256(stage: StagedSource) -> str:
    """The digest of a source's file; for several files, the digest of their digests and names in order."""
    if len(stage.files) == 1:
        return stage.files[0].sha256
    text = "".join(f"{file.sha256}  {file.name}\n" for file in stage.files)
    return hashlib.sha256(text.encode()).hexdigest()
