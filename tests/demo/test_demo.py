"""The demo's loci, hidden pairs, files and printed summaries."""

from __future__ import annotations

from pathlib import Path

import polars as pl

from generel_graph.demo import prepare
from generel_graph.demo.answers import FREE_TEXT
from generel_graph.demo.data import SNP, quickstart
from generel_graph.demo.loci import number_loci

MAX_BYTES = 600_000  # of the data set


def test_wide_gap_starts_a_new_locus_and_the_mhc_is_one_locus() -> None:
    snps = pl.DataFrame(
        {
            "rsid": ["a", "b", "c", "d", "m1", "m2"],
            "chromosome": ["1", "1", "1", "2", "6", "6"],
            "position": [100, 250_100, 500_101, 100, 25_000_000, 33_999_999],
        }
    )
    loci = dict(number_loci(snps).select("rsid", "locus").iter_rows())
    assert loci == {"a": "1:100", "b": "1:100", "c": "1:500101", "d": "2:100", "m1": "MHC", "m2": "MHC"}


def test_hidden_pairs_are_in_no_source(tmp_path: Path) -> None:
    project = prepare(tmp_path)
    pairs = {"shown": set(), "hidden": set()}
    for name in pairs:
        pairs[name] = set(getattr(project, name).select("locus", "disease_id").iter_rows())
    assert not pairs["shown"] & pairs["hidden"]
    assert len(pairs["hidden"]) == round(0.2 * len(pairs["shown"] | pairs["hidden"]))
    assert {locus for locus, _ in pairs["hidden"]} <= {locus for locus, _ in pairs["shown"]}
    loaded = pl.read_csv(tmp_path / "associations.tsv", separator="\t", schema_overrides={"chromosome": pl.String})
    assert loaded.join(project.hidden, on=["rsid", "disease_id"], how="semi").is_empty()
    assert len(loaded) + len(project.hidden) == len(project.shown) + len(project.hidden)
    assert SNP in set(loaded["rsid"])
    assert "hidden" not in (tmp_path / "generel.toml").read_text(encoding="utf-8")


def test_hiding_is_reproducible_and_files_are_written_once(tmp_path: Path) -> None:
    first = prepare(tmp_path)
    times = {p.name: p.stat().st_mtime_ns for p in tmp_path.iterdir()}
    assert prepare(tmp_path).hidden.equals(first.hidden)
    assert {p.name: p.stat().st_mtime_ns for p in tmp_path.iterdir()} == times
    assert not prepare(tmp_path / "other", seed=1).hidden.equals(first.hidden)


def test_data_set_is_small_and_has_no_gene_disease_edge() -> None:
    folder = quickstart()
    assert sum(p.stat().st_size for p in folder.iterdir()) <= MAX_BYTES
    links = pl.read_csv(folder / "links.tsv", separator="\t", quote_char=None)
    endpoints = links.select("subject", "object").rows()
    assert not any({a.split(":")[0], b.split(":")[0]} == {"HGNC", "MONDO"} for a, b in endpoints)


def test_free_text_is_in_no_vocabulary() -> None:
    text = "".join(p.read_text(encoding="utf-8").lower() for p in quickstart().glob("*.obo"))
    assert FREE_TEXT not in text
