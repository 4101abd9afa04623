"""Properties of `resolve` for arbitrary sources: independence of order, and counts that reconcile."""

from __future__ import annotations

from collections.abc import Sequence
from random import Random

import polars as pl
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from generel_etl.config import SourceConfig
from generel_etl.resolve import Resolved, resolve
from tests.etl.conftest import MemoryStage

NAMES = ("north", "south", "east", "west")
CONCEPTS = tuple(f"{vocabulary}:{n}" for vocabulary in ("MONDO", "DOID", "HP") for n in range(1, 5))
WORDS = ("asthma", "Asthma", "wheeze", "eczema", "atopy")
SNPS = ("rs1", "rs2", "rs3", "GRCh38:1:10", "GRCh38:1:10:A:G")

ids = st.sampled_from(CONCEPTS)
words = st.sampled_from(WORDS)
some_ids = st.lists(ids, max_size=2, unique=True)
kinds = st.sampled_from(["Disease", "Phenotype", "Trait"])

concepts = st.fixed_dictionaries(
    {
        "id": ids, "kind": kinds, "name": st.none() | words, "synonyms": st.lists(words, max_size=2),
        "xrefs": some_ids | st.just(["UMLS:C0000001"]), "inexact_xrefs": some_ids, "exact_matches": some_ids,
        "alt_ids": some_ids, "defined": st.booleans(), "load_if_mentioned": st.booleans(),
    }
)  # fmt: skip
snps = st.fixed_dictionaries(
    {
        "id": st.sampled_from(SNPS), "chromosome": st.just("1"), "position": st.sampled_from([10, 20]),
        "build": st.just("GRCh38"), "alleles": st.sampled_from([[], ["A", "G"]]), "load_if_mentioned": st.booleans(),
    }
)  # fmt: skip
end = st.fixed_dictionaries({"id": st.none() | ids, "name": st.none() | words, "kind": kinds})
snp_end = st.fixed_dictionaries({"id": st.sampled_from(SNPS), "name": st.none(), "kind": st.just("SNP")})


@st.composite
def edges(draw: st.DrawFn) -> dict[str, object]:
    to_snp = draw(st.booleans())
    kind = (
        "ASSOCIATED_WITH" if to_snp else draw(st.sampled_from(["IS_A", "XREF", "SAME_AS", "CO_OCCURS_WITH", "CAUSES"]))
    )
    start, finish = draw(snp_end if to_snp else end), draw(end)
    return {
        "type": kind,
        **{f"start_{key}": value for key, value in start.items()},
        **{f"end_{key}": value for key, value in finish.items()},
        "effect_allele": draw(st.sampled_from([None, "A", "C"])) if to_snp else None,
        "beta": draw(st.sampled_from([None, 0.5])),
        "load_if_mentioned": to_snp and draw(st.booleans()),
        "keep_staged": draw(st.sampled_from([False, False, True])),
    }


@st.composite
def tables(draw: st.DrawFn) -> dict[str, list[dict[str, object]]]:
    """One source: rows 1…n, each with a record or an edge, or both."""
    source: dict[str, list[dict[str, object]]] = {"concepts": [], "snps": [], "edges": [], "rejects": []}
    for row in range(1, draw(st.integers(1, 6)) + 1):
        parts = draw(st.lists(st.sampled_from(["concepts", "snps", "edges", "edges"]), min_size=1, max_size=2))
        for part in parts:
            source[part].append({"row": row, **draw({"concepts": concepts, "snps": snps, "edges": edges()}[part])})
    return source


sources = st.lists(tables(), min_size=1, max_size=4)
# Shrinking takes minutes, because each example resolves complete sources; a seed reproduces a failure.
relaxed = settings(
    max_examples=40,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
    phases=[Phase.explicit, Phase.reuse, Phase.generate],
)


def stages(parts: Sequence[dict[str, list[dict[str, object]]]]) -> list[MemoryStage]:
    return [MemoryStage.of_rows(name, **part) for name, part in zip(NAMES, parts, strict=False)]


def resolved(stages_: Sequence[MemoryStage], order: Sequence[str]) -> Resolved:
    return resolve(stages_, [SourceConfig(name, "made", ("x",)) for name in order])


def same(one: Resolved, two: Resolved) -> bool:
    return one.nodes.equals(two.nodes) and one.edges.equals(two.edges) and one.sources == two.sources


@relaxed
@given(sources, st.randoms(use_true_random=False))
def test_the_order_in_which_sources_were_staged_does_not_matter(
    parts: list[dict[str, list[dict[str, object]]]], random: Random
) -> None:
    made = stages(parts)
    order = [stage.name for stage in made]
    shuffled = list(made)
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    assert same(resolved(made, order), resolved(shuffled, order))


@relaxed
@given(sources)
def test_every_row_is_counted_once_and_every_endpoint_is_a_node(
    parts: list[dict[str, list[dict[str, object]]]],
) -> None:
    made = stages(parts)
    result = resolved(made, [stage.name for stage in made])
    for counts in result.sources:
        states = (
            counts.rows_loaded,
            counts.rows_merged,
            counts.rows_rejected,
            counts.rows_dangling,
            counts.rows_staged,
        )
        assert sum(states) == counts.rows_read
    nodes, drawn = result.nodes, result.edges
    ids = set(nodes["id"])
    assert nodes["id"].is_unique().all()
    assert set(drawn["start"]) | set(drawn["end"]) <= ids
    assert set(nodes["cluster"].drop_nulls()) <= ids
    assert drawn.select("source", "key").is_unique().all()
    assert set(nodes["source"]) | set(drawn["source"]) <= {stage.name for stage in made}
    assert nodes["source"].null_count() == 0
    concepts_only = nodes.filter(pl.col("kind") != "SNP")
    assert concepts_only["name"].null_count() <= concepts_only.height
    assert drawn.equals(drawn.sort("source", "type", "start", "end", "key"))
    vocabulary = nodes.filter(pl.col("cluster").is_not_null()).select("cluster", pl.col("id").str.extract(r"^(\w+):"))
    assert vocabulary.is_unique().all(), "two ids of one vocabulary in one cluster"


@relaxed
@given(sources)
def test_removed_source_leaves_nothing_and_can_be_restored(
    parts: list[dict[str, list[dict[str, object]]]],
) -> None:
    made = stages(parts)
    order = [stage.name for stage in made]
    before = resolved(made, order)
    gone = resolved(made[1:], order[1:])
    assert order[0] not in set(gone.nodes["source"]) | set(gone.edges["source"])
    assert same(before, resolved(stages(parts), order))


@relaxed
@given(sources, st.randoms(use_true_random=False))
def test_the_order_of_records_within_rows_does_not_matter(
    parts: list[dict[str, list[dict[str, object]]]], random: Random
) -> None:
    """Readers that work in parallel can return the edges of a row in any order."""
    made = stages(parts)
    order = [stage.name for stage in made]
    shuffled = [{table: random.sample(rows, len(rows)) for table, rows in part.items()} for part in parts]
    one, two = resolved(made, order), resolved(stages(shuffled), order)
    assert one.edges.select("source", "start", "end", "type").equals(two.edges.select("source", "start", "end", "type"))
    assert one.nodes["id"].equals(two.nodes["id"])
