"""`resolve`: from all staged tables to the one graph that they say, step by step."""

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
    DEFINES,
    JOINS,
    LOADED,
    MENTIONS,
    STAGED,
    STATE,
    count_rows,
    first_or_repeat,
    judged,
)
from generel_etl.resolve.edges import finish, merge_repeats, on_known_alleles, one_way
from generel_etl.resolve.gather import SRC, StagedTables, gather
from generel_etl.resolve.linking import LinkedMentions, find
from generel_etl.resolve.nodes import concept_nodes, finish_nodes, own_nodes, snp_nodes
from generel_etl.resolve.outcomes import EdgeOutcomes, identity_edges, place_all
from generel_etl.resolve.result import Resolved, SourceCounts, StagedSource, nothing
from generel_etl.resolve.snps import known_as, places
from generel_etl.resolve.vocabulary import Vocabulary, know

_STEPS = ("equivalence", "mentions", "edges", "nodes", "keys and digests", "counts")


def resolve(stages: Sequence[StagedSource], sources: Sequence[SourceConfig], progress: Progress = silent) -> Resolved:
    """Make of all staged tables the nodes and edges of the graph, and count what became of every row.

    A pure function of the tables and of the order of `sources`; `stages` may come in any order.
    Raises DataError for a source that is not staged, or rows that are not accounted for.
    """
    if not sources:
        return nothing()
    steps = iter(enumerate(_STEPS))

    def step() -> None:
        done, name = next(steps)
        progress("resolve", done, len(_STEPS), name)

    step()
    gathered = gather(stages, sources)
    known, edges = know(gathered)
    gathered = replace(gathered, edges=())  # the largest tables are held once
    step()
    found = find(gathered, known, edges)
    del edges
    step()
    placed = place_all(gathered, known, found)
    step()
    nodes = _nodes(gathered, known, found, placed)
    step()
    tables = list(placed.edges)
    placed = replace(placed, edges=())
    finished, merged = _edges(known, found, tables, sources, nodes=nodes, inactive=placed.inactive)
    step()
    rows = [_rows(gathered, at, found, placed, nodes=nodes, edges=merged[at]) for at in range(len(sources))]
    counts = tuple(
        _counts(stage, source, counted, nodes, table)
        for stage, source, counted, table in zip(gathered.stages, sources, rows, finished, strict=True)
    )
    progress("resolve", len(_STEPS), len(_STEPS))
    by_name = sorted(range(len(sources)), key=lambda at: sources[at].name)
    names = {at: source.name for at, source in enumerate(sources)}
    return Resolved(
        nodes=nodes,
        edges=pl.concat([finished[at] for at in by_name]),
        sources=counts,
        clusters_left_out=known.clusters.left_out,
        dangling=pl.concat([placed.dangling[at] for at in by_name]),
        redefined=known.terms.redefined.select(
            "id",
            *(
                pl.col(a).replace_strict(names, return_dtype=pl.String).alias(b)
                for a, b in (("src", "source"), ("other", "other"))
            ),
        ),
    )


def _nodes(gathered: StagedTables, known: Vocabulary, found: LinkedMentions, placed: EdgeOutcomes) -> pl.DataFrame:
    """All nodes: active terms, concepts that are nodes by mention, and SNPs."""
    used = []
    for batch, ends, edges in zip(found.batches, found.ends, placed.edges, strict=True):
        live = edges.filter(pl.col("state") == LOADED)
        at = pl.concat([live["start_at"], live["end_at"]]).unique()
        used.append(
            batch.ends.select("kind", pl.lit(batch.src, dtype=SRC).alias("src"))
            .hstack(ends.rename({"target": "id"}))
            .select(pl.all().gather(at))
        )
    met = pl.concat(used)
    firm = found.records.filter(~pl.col("load_if_mentioned")).join(placed.held, on=["src", "row"], how="anti")
    led = found.seen.filter("record").join(firm.select("src", "row", "id"), on=["src", "row", "id"], how="semi")
    ids = pl.concat([met.filter(pl.col("kind") != "SNP").select("id"), led.select(id="target")]).unique()
    own_ids = ids.join(known.terms.frame, on="id", how="anti")["id"].drop_nulls()
    terms = known.terms.frame.filter(~pl.col("id").is_in(placed.inactive.implode()))
    owned = pl.concat([terms.select("id", "src", "kind"), own_nodes(found.seen, own_ids)], how="diagonal")
    known_by = found.seen.filter(pl.col("way").is_in(["replacement", "cross_reference", "name"]))
    xrefs = [
        known.equivalence.listed.select("id", "other"),
        known.terms.replaced.select(id="target", other="alt"),
        known_by.select(id="target", other="id"),
        *(found.records.select("id", other=c).explode("other") for c in ("xrefs", "exact_matches", "alt_ids")),
    ]
    concepts = concept_nodes(owned, gathered.concepts, pl.concat(xrefs).drop_nulls(), known.cluster(placed.inactive))
    records = gathered.snps.join(placed.held, on=["src", "row"], how="anti")
    snps = pl.concat(
        [
            met.filter(pl.col("kind") == "SNP").select("id", "src"),
            records.select(known_as("id", found.renamed).alias("id"), "src"),
        ]
    )
    where = places(gathered, snps["id"].unique(), found.renamed)
    return finish_nodes([concepts, snp_nodes(snps, where, found.renamed)], [source.name for source in gathered.sources])


def _edges(
    known: Vocabulary,
    found: LinkedMentions,
    tables: list[pl.DataFrame],
    sources: Sequence[SourceConfig],
    *,
    nodes: pl.DataFrame,
    inactive: pl.Series,
) -> tuple[list[pl.DataFrame], list[pl.DataFrame]]:
    """Of each source, in order, its edges as stored, and the states of its edges' rows.

    `tables`: of each batch, as placed; emptied on the way, since these are the largest.
    """
    derived = identity_edges(known.equivalence.pairs, known.clusters.left_out, inactive)
    alleles = nodes.filter(pl.col("alleles").is_not_null()).select("id", "alleles")
    kinds = nodes.select("id", "kind")
    finished, merged = [], []
    for at, source in enumerate(sources):
        live, idle = [], []
        for number, batch in enumerate(found.batches):
            if batch.src == at:
                table = tables[number].drop("start_at", "end_at")
                tables[number] = table.clear()
                loaded = table["state"] == LOADED
                idle.append(table.filter(~loaded).select("row", "state"))
                live.append(table if loaded.all() else table.filter(loaded))
        kept, states = merge_repeats(one_way(on_known_alleles(pl.concat(live, how="diagonal"), alleles, kinds)))
        merged.append(pl.concat([states, *idle]))
        mine = derived.filter(pl.col("src") == at).drop("src")
        finished.append(finish(pl.concat([kept, mine], how="diagonal") if mine.height else kept, source.name))
    return finished, merged


def _rows(
    gathered: StagedTables,
    at: int,
    found: LinkedMentions,
    placed: EdgeOutcomes,
    *,
    nodes: pl.DataFrame,
    edges: pl.DataFrame,
) -> dict[str, int]:
    """Count what became of one source's rows. `edges`: row and state of each of its edges."""
    stage = gathered.stages[at]
    concepts = gathered.concepts.filter(pl.col("src") == at).drop("src")
    defined = concepts.filter("defined")
    live = ~pl.col("id").is_in(placed.inactive.implode())
    seen = found.seen.filter((pl.col("src") == at) & pl.col("record")).select("row", "id", "target")
    is_node = pl.col("target").is_in(nodes["id"].implode())
    records = concepts.filter(~pl.col("defined")).join(seen, on=["row", "id"], how="left").with_columns(
        lost=pl.col("target").is_null(), waits=pl.col("load_if_mentioned") & ~is_node.fill_null(False)
    )  # fmt: skip
    firm = records.filter(~pl.col("lost") & ~pl.col("waits")).drop("lost", "waits", "target")
    listed = (
        stage.snps()
        .with_columns(known_as("id", found.renamed).alias("id"))
        .join(nodes.lazy().filter(pl.col("kind") == "SNP").select("id"), on="id", how="semi")
    )
    snps = listed.drop("load_if_mentioned").collect()
    others = stage.snps().select("row").unique().collect()
    uncalled = found.uncalled[at]
    return count_rows(
        stage,
        [
            judged(first_or_repeat(defined.filter(live)), DEFINES),
            judged(_as(defined.filter(~live), STAGED), DEFINES),
            judged(edges, JOINS),
            judged(placed.mapped[at], JOINS),
            judged(_as(uncalled, STAGED), JOINS),
            judged(first_or_repeat(firm), MENTIONS),
            judged(_as(records.filter("waits"), STAGED), MENTIONS),
            judged(_as(records.filter(pl.col("lost") & ~pl.col("waits")), DANGLING), MENTIONS),
            judged(first_or_repeat(snps), MENTIONS),
            judged(_as(others, STAGED), MENTIONS),
        ],
    )


def _as(rows: pl.DataFrame, state: int) -> pl.DataFrame:
    return rows.select("row", pl.lit(state, dtype=STATE).alias("state"))


def _counts(
    stage: StagedSource, source: SourceConfig, rows: dict[str, int], nodes: pl.DataFrame, edges: pl.DataFrame
) -> SourceCounts:
    owned = nodes.filter(pl.col("source") == source.name)
    ways = edges.group_by("resolved_by").len().sort("resolved_by")
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
        resolved_by=MappingProxyType(dict(ways.rows())),
    )


def _sha256(stage: StagedSource) -> str:
    """The digest of a source's file; of several files, of their digests and names in order."""
    if len(stage.files) == 1:
        return stage.files[0].sha256
    text = "".join(f"{file.sha256}  {file.name}\n" for file in stage.files)
    return hashlib.sha256(text.encode()).hexdigest()
