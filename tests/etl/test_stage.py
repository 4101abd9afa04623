"""Staging: counts reconcile, invalid records are rejects, invalid files are errors, nothing is read twice."""

from __future__ import annotations

import gzip
import os
import subprocess
import sys
import time
from dataclasses import dataclass, replace
from pathlib import Path

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from generel_etl.config import EtlConfig, SourceConfig
from generel_etl.errors import ConfigError, DataError, GenerelError
from generel_etl.parsing.delimited import Layout, read_rows
from generel_etl.parsing.files import find_files, read_bytes
from generel_etl.reader import NoOptions, Reader, SourceFiles
from generel_etl.readers import READERS
from generel_etl.resolve import resolve
from generel_etl.schema import Concepts, Rejects, Snps, Tables, conform
from generel_etl.stage import Stage, read_stage, stage_source

SNPS = {"node": "snp", "build": "GRCh38", "columns": {"id": "rsid", "chromosome": "chr", "position": "pos"}}


def source(*files: str, reader: str = "table", **options: object) -> SourceConfig:
    return SourceConfig("mine", reader, files, options=options or SNPS)


def stage(folder: Path, config: SourceConfig, **more: object) -> Stage:
    return stage_source(config, EtlConfig(data=folder, state=folder / "state"), **more)  # type: ignore[arg-type]


@pytest.fixture
def data(tmp_path: Path) -> Path:
    (tmp_path / "snps.tsv").write_text("rsid\tchr\tpos\nrs1\t1\t100\nrs2\t2\t200\n")
    return tmp_path


def test_stage_agrees_with_its_manifest(data: Path) -> None:
    staged = stage(data, source("snps.tsv"))
    assert (staged.rows_read, staged.rows_rejected) == (2, 0)
    assert staged.snps().collect()["id"].to_list() == ["rs1", "rs2"]
    assert [t.collect().height for t in (staged.concepts(), staged.edges(), staged.rejects())] == [0, 0, 0]
    assert read_stage(staged.folder) == staged
    assert staged.files[0].name == "snps.tsv"
    assert not [p for p in staged.folder.parent.iterdir() if p != staged.folder]


@dataclass
class Counting:
    """The table reader, counting how often it reads."""

    calls: int = 0

    def readers(self) -> tuple[Reader, ...]:
        table = next(r for r in READERS if r.name == "table")

        def read(files: SourceFiles, options: object) -> Tables:
            self.calls += 1
            return table.read(files, options)

        return (replace(table, read=read),)


def test_source_is_read_again_only_if_its_inputs_change(data: Path) -> None:
    count = Counting()
    one = stage(data, source("snps.tsv"), readers=count.readers())
    assert stage(data, source("snps.tsv"), readers=count.readers()) == one
    described = replace(source("snps.tsv"), version="2", licence="CC0", url="https://example.org")
    assert stage(data, described, readers=count.readers()).key == one.key
    os.utime(data / "snps.tsv", ns=(1, 1))  # touched, same content
    assert stage(data, source("snps.tsv"), readers=count.readers()).key == one.key
    assert read_stage(one.folder).files[0].mtime_ns == 1  # type: ignore[union-attr]
    assert count.calls == 1
    with (data / "snps.tsv").open("a") as file:
        file.write("rs3\t3\t300\n")
    two = stage(data, source("snps.tsv"), readers=count.readers())
    assert (two.rows_read, count.calls) == (3, 2)
    other = stage(data, source("snps.tsv", **{**SNPS, "create": True}), readers=count.readers())
    assert other.key != two.key
    newer = tuple(replace(r, version=99) for r in count.readers())
    assert stage(data, source("snps.tsv"), readers=newer).key != two.key


def test_rows_are_numbered_across_files_and_lines_within_them(data: Path) -> None:
    (data / "more.tsv").write_text("pos\trsid\tchr\n1\tnone\t1\n\n5\trs9\t3\textra\n7\trs4\t4\n")
    staged = stage(data, source("*.tsv"))
    assert [f.name for f in staged.files] == ["more.tsv", "snps.tsv"]
    assert staged.rows_read == 5
    assert staged.snps().collect()["id"].to_list() == ["GRCh38:1:1", "rs4", "rs1", "rs2"]
    rejects = staged.rejects().collect().rows()
    assert rejects == [(2, "more.tsv", 4, "#fields", "5\trs9\t3\textra", "4 fields instead of 3")]


def test_killed_run_leaves_the_old_stage(data: Path) -> None:
    old = stage(data, source("snps.tsv"))
    (data / "snps.tsv").write_text("rsid\tchr\tpos\n" + "rs7\t1\t1\n" * 3)
    code = (
        "import sys; sys.path.insert(0, sys.argv[2]); import polars, time; from pathlib import Path\n"
        "import test_stage as t\n"
        "write = polars.DataFrame.write_parquet\n"
        "def slow(frame, path):\n"
        "    write(frame, path); print('wrote', flush=True); time.sleep(60)\n"
        "polars.DataFrame.write_parquet = slow\n"
        "t.stage(Path(sys.argv[1]), t.source('snps.tsv'))\n"
    )
    child = subprocess.Popen(
        [sys.executable, "-c", code, str(data), str(Path(__file__).parent)], stdout=subprocess.PIPE
    )
    assert child.stdout is not None
    assert child.stdout.readline() == b"wrote\n"
    child.kill()
    child.wait()
    assert read_stage(old.folder) == old
    assert any(p.name.startswith(".mine.") for p in old.folder.parent.iterdir())
    new = stage(data, source("snps.tsv"))
    assert new.rows_read == 3
    assert [p.name for p in new.folder.parent.iterdir()] == ["mine"]


def test_incomplete_stage_is_ignored(data: Path) -> None:
    staged = stage(data, source("snps.tsv"))
    (staged.folder / "edges.parquet").unlink()
    assert read_stage(staged.folder) is None
    assert stage(data, source("snps.tsv")).edges().collect().height == 0


def toy(tables: Tables) -> tuple[Reader, ...]:
    return (Reader("toy", 1, NoOptions, lambda files, options: tables),)


def test_record_that_violates_its_schema_is_a_reject_with_its_line(data: Path) -> None:
    snps = pl.DataFrame({"row": [1, 2, 3], "id": ["rs1", "1/2", "rs3"], "position": [5, 6, -7]})
    locations = pl.DataFrame({"row": [1, 2, 3], "file": ["snps.tsv"] * 3, "line": [2, 3, 4]})
    concepts = pl.DataFrame({"row": [3], "id": ["HP:1"], "kind": ["Phenotype"]})
    tables = Tables(3, snps=conform(snps, Snps), concepts=conform(concepts, Concepts), locations=locations)
    staged = stage(data, SourceConfig("mine", "toy", ("snps.tsv",)), readers=toy(tables))
    assert staged.rejects().collect().select("row", "line", "column", "found", "reason").rows() == [
        (2, 3, "id", "1/2", "violates the rule “regex” of its table"),
        (3, 4, "position", "-7", "violates the rule “min” of its table"),
    ]
    assert staged.rows_rejected == 1  # row 3 still has a record
    assert staged.snps().collect()["id"].to_list() == ["rs1"]


def test_row_number_can_count_for_many_rows(data: Path) -> None:
    snps = conform(pl.DataFrame({"row": [1], "id": ["rs1"]}), Snps)
    rejects = pl.DataFrame({"row": [2], "file": ["x"], "line": [1], "column": ["a"], "reason": ["why"]})
    multiplicities = pl.DataFrame({"row": [1, 2, 3], "rows": [500, 70, 11]})
    tables = Tables(581, snps=snps, rejects=conform(rejects, Rejects), multiplicities=multiplicities)
    staged = stage(data, SourceConfig("mine", "toy", ("snps.tsv",)), readers=toy(tables))
    assert (staged.rows_read, staged.rows_rejected) == (581, 70)
    (counts,) = resolve([staged], [SourceConfig("mine", "toy", ("snps.tsv",))]).sources
    assert (counts.rows_loaded, counts.rows_rejected, counts.rows_staged) == (500, 70, 11)
    for wrong in (580, 582):
        tables = Tables(wrong, snps=snps, rejects=conform(rejects, Rejects), multiplicities=multiplicities)
        with pytest.raises(DataError, match="511 kept and 70 rejected"):
            stage(data, SourceConfig("other", "toy", ("snps.tsv",)), readers=toy(tables))


def test_reader_that_loses_a_row_is_an_error(data: Path) -> None:
    tables = Tables(2, snps=conform(pl.DataFrame({"row": [1], "id": ["rs1"]}), Snps))
    with pytest.raises(DataError, match=r"2 rows read, 1 kept and 0 rejected.*\[2\]") as caught:
        stage(data, SourceConfig("mine", "toy", ("snps.tsv",)), readers=toy(tables))
    assert caught.value.exit_code == 1
    assert read_stage(data / "state" / "stage" / "mine") is None


def bad_file(data: Path, name: str) -> str:
    packed = gzip.compress(("rsid\tchr\tpos\n" + "rs1\t1\t1\n" * 1000).encode())
    match name:
        case "directory":
            (data / "folder").mkdir()
            return "folder"
        case "truncated":
            (data / "cut.tsv.gz").write_bytes(packed[:-20])
            return "cut.tsv.gz"
        case "damaged":
            (data / "bad.tsv.gz").write_bytes(packed[:12] + b"\xff\xff\xff" + packed[15:])
            return "bad.tsv.gz"
        case "empty":
            (data / "empty.tsv").write_bytes(b"")
            return "empty.tsv"
        case "latin":
            (data / "latin.tsv").write_bytes(b"rsid\tchr\tpos\nrs1\t1\t1\nr\xe9\t1\t1\n")
            return "latin.tsv"
        case "column":
            (data / "column.tsv").write_text("rsid\tchr\tposn\nrs1\t1\t1\n")
            return "column.tsv"
        case "twins":
            (data / "twins.tsv").write_text("rsid\tchr\tpos\tpos\nrs1\t1\t1\t1\n")
            return "twins.tsv"
        case "pattern":
            return "none*.tsv"
        case _:
            return "snp.tsv"


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("missing", ["no such file", "did you mean 'snps.tsv'", "GENEREL_DATA_DIR"]),
        ("pattern", ["no file matches the pattern"]),
        ("directory", ["this is a directory, not a file"]),
        ("truncated", ["truncated gzip", "cut.tsv.gz", "download the file again"]),
        ("damaged", ["gzip", "bad.tsv.gz"]),
        ("empty", ["the file is empty", "empty.tsv"]),
        ("latin", ["latin.tsv, line 3", 'encoding = "latin-1"']),
        ("column", ["no such column", "'pos'", "did you mean 'posn'"]),
        ("twins", ["duplicate column name", "'pos'"]),
    ],
)
def test_invalid_file_is_one_clear_error(data: Path, name: str, words: list[str]) -> None:
    old = stage(data, source("snps.tsv"))
    with pytest.raises(DataError) as caught:
        stage(data, source(bad_file(data, name)))
    assert not [w for w in words if w not in str(caught.value)], str(caught.value)
    assert read_stage(old.folder) == old


def test_unknown_reader_or_option_suggests_the_nearest(data: Path) -> None:
    with pytest.raises(ConfigError, match="did you mean 'table'"):
        stage(data, source("snps.tsv", reader="tabel"))
    with pytest.raises(ConfigError, match="did you mean 'columns'"):
        stage(data, source("snps.tsv", colums={}))
    assert issubclass(ConfigError, GenerelError)


def test_configured_encoding_is_used(data: Path) -> None:
    bad_file(data, "latin")
    staged = stage(data, source("latin.tsv", **{**SNPS, "encoding": "latin-1"}))
    assert (staged.rows_read, staged.rows_rejected) == (2, 0)


def rows(path: Path, layout: Layout) -> tuple[list[tuple[object, ...]], list[tuple[object, ...]]]:
    read = read_rows(SourceFiles(SourceConfig("x", "table", (path.name,)), (path,)), layout)
    return read.frame.rows(), read.rejects.select("row", "line", "reason").rows()


def test_quotes_line_ends_and_blank_lines_are_parsed(tmp_path: Path) -> None:
    path = tmp_path / "x.csv"
    path.write_bytes(b'## note\r\na,b,c\r\n1,"x\r\ny",3\r\n\r\n4,5\r\n"q ""z""","t,u",\r\n1,2,3,4\r\n7,8,9')
    good, bad = rows(path, Layout(separator=",", quote='"', comment="##"))
    assert good == [
        ("1", "x\r\ny", "3", 1, "x.csv", 3),
        ('q "z"', "t,u", None, 3, "x.csv", 7),
        ("7", "8", "9", 5, "x.csv", 9),
    ]
    assert bad == [(2, 6, "2 fields instead of 3"), (4, 8, "4 fields instead of 3")]


def test_quotation_mark_is_a_character_without_quoting(tmp_path: Path) -> None:
    path = tmp_path / "x.tsv"
    path.write_bytes(b'\xef\xbb\xbfa\tb\r\n5" tall\t"open\r\n"x"\ty\r\n')
    good, bad = rows(path, Layout())
    assert [r[:2] for r in good] == [('5" tall', '"open'), ('"x"', "y")]
    assert not bad


def test_result_does_not_depend_on_the_block_size(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "x.csv"
    path.write_text('a,b\n1,"2\n3"\n4,5\n6\n"7,8",9\n')
    whole = rows(path, Layout(separator=",", quote='"'))
    monkeypatch.setattr("generel_etl.parsing.delimited._BLOCK", 3)
    assert rows(path, Layout(separator=",", quote='"')) == whole


def test_runs_of_blanks_separate_an_aligned_table(tmp_path: Path) -> None:
    path = tmp_path / "x.ld"
    path.write_bytes(b"  A   B\t C \r\n\n 1  22 333\n4 5\n\t7 8  9\t")
    good, bad = rows(path, Layout(aligned=True))
    assert [(*r[:4], r[5]) for r in good] == [("1", "22", "333", 1, 3), ("7", "8", "9", 3, 5)]
    assert bad == [(2, 4, "2 fields instead of 3")]


_WORDS = st.lists(st.text("ab1.-", min_size=1, max_size=4), min_size=2, max_size=2)


@given(st.lists(_WORDS, min_size=1, max_size=8), st.data())
def test_aligned_table_is_split_like_python_splits(
    tmp_path_factory: pytest.TempPathFactory, lines: list[list[str]], data: st.DataObject
) -> None:
    blanks, inner = st.text(" \t", max_size=3), st.text(" \t", min_size=1, max_size=3)
    text = "x y\n" + "".join(f"{data.draw(blanks)}{a}{data.draw(inner)}{b}{data.draw(blanks)}\n" for a, b in lines)
    path = tmp_path_factory.mktemp("aligned") / "x.ld"
    path.write_text(text)
    good, bad = rows(path, Layout(aligned=True))
    assert [list(r[:2]) for r in good] == [line.split() for line in text.splitlines()[1:]]
    assert not bad


NAMES = {"geneid": "gene", "termid": "term", "n": "n"}


@pytest.mark.parametrize(
    "text",
    [
        "#version 1\ngene id\tTERM_ID\tn\nA\tB\t1\n",
        "#version 1\n#GeneID\tterm-id\tN\nA\tB\t1\n",
        "#version: 1\n#Format: gene-id<tab>term-id<tab>n\nA\tB\t1\n",
    ],
)
def test_header_can_have_other_spellings_or_be_a_comment(tmp_path: Path, text: str) -> None:
    path = tmp_path / "x.txt"
    path.write_text(text)
    read = read_rows(SourceFiles(SourceConfig("x", "table", ("x.txt",)), (path,)), Layout(comment="#", spellings=NAMES))
    assert read.frame.select("gene", "term", "n").rows() == [("A", "B", "1")]
    assert read.locations["line"].to_list() == [3]


def test_comment_of_one_word_is_not_a_header(tmp_path: Path) -> None:
    path = tmp_path / "x.txt"
    path.write_text("#n\ngene\tn\nA\t1\n")
    assert rows(path, Layout(comment="#", spellings=NAMES))[0] == [("A", "1", 1, "x.txt", 3)]


def test_unknown_column_is_named_in_the_error(tmp_path: Path) -> None:
    path = tmp_path / "x.tsv"
    path.write_text("a\tb\n1\t2\n")
    files = SourceFiles(SourceConfig("x", "table", ("x.tsv",)), (path,))
    assert read_rows(files, Layout(), known=("a", "b")).rows_read == 1
    with pytest.raises(DataError, match="found: 'b'"):
        read_rows(files, Layout(), known=("a",))


def test_gzip_is_recognised_by_its_first_bytes(tmp_path: Path) -> None:
    path = tmp_path / "plain.name"
    path.write_bytes(gzip.compress(b"one ") + gzip.compress(b"two"))
    assert read_bytes(path) == b"one two"
    found = find_files(SourceConfig("x", "table", ("*.name",)), tmp_path)
    assert found == (path,)


def test_unchanged_files_are_not_read_again(data: Path) -> None:
    stage(data, source("snps.tsv"))
    content = (data / "snps.tsv").stat()
    (data / "snps.tsv").write_text("rsid\tchr\tpos\nrs8\t1\t100\nrs9\t2\t200\n")  # same size and time: same file
    os.utime(data / "snps.tsv", ns=(content.st_atime_ns, content.st_mtime_ns))
    begun = time.perf_counter()
    again = stage(data, source("snps.tsv"))
    assert again.snps().collect()["id"].to_list() == ["rs1", "rs2"]
    assert time.perf_counter() - begun < 5
