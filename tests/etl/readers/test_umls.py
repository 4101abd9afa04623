"""UMLS: codes are mentions with their CUI, relations are read from right to left, mirrors give one edge."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from generel_etl.config import SourceConfig
from generel_etl.errors import DataError
from generel_etl.reader import SourceFiles
from generel_etl.readers.umls.reader import UmlsOptions, read
from generel_etl.resolve import Resolved, resolve
from generel_etl.resolve.result import StagedSource
from generel_etl.stage import Stage
from tests.etl.conftest import MemoryStage, stage_files

DATA = Path(__file__).parents[2] / "data" / "umls"
NAMES, RELATIONS, TYPES = "MRCONSO.RRF", "MRREL.RRF", "MRSTY.RRF"
T2, DM, METFORMIN = "SNOMEDCT:44054006", "SNOMEDCT:73211009", "RXNORM:6809"


def stage(tmp_path: Path, *files: str, folder: Path = DATA, **options: Any) -> Stage:
    return stage_files(tmp_path, "umls", *files, folder=folder, **options)


def concepts(staged: Stage) -> dict[str, dict[str, Any]]:
    """The first record of each code, which has all its names."""
    return {c["id"]: c for c in reversed(staged.concepts().collect().to_dicts())}


def edges(staged: Stage, *rows: int) -> list[tuple[Any, ...]]:
    """Type, start, end, relation of rows of MRREL, counted from its first."""
    before = 17
    relations = staged.edges().select("row", "type", "start_id", "end_id", "relation").collect()
    return [relations.filter(pl.col("row") == before + row).row(0)[1:] for row in rows]


def resolved(staged: Stage, *others: MemoryStage) -> Resolved:
    stages: list[StagedSource] = [*others, staged]
    return resolve(stages, [SourceConfig(s.name, "staged", ("x",)) for s in stages])


def disease(row: int, id_: str, *cuis: str, name: str = "x") -> dict[str, Any]:
    return {"row": row, "id": id_, "kind": "Disease", "name": f"{name} {row}", "xrefs": cuis, "defined": True}


def test_a_code_has_its_names_and_its_cui(tmp_path: Path) -> None:
    codes = concepts(stage(tmp_path, NAMES))
    assert set(codes) == {T2, DM, METFORMIN, "ICD10CM:E11", "MESH:D003924", "OMIM:601226", "ICD10CM:E08-E13"}
    code = codes[T2]
    assert code["name"] == "Type 2 diabetes mellitus", "the term type PT wins, though it is the second row"
    assert (code["synonyms"], code["xrefs"]) == (['Maturity "onset" diabetes'], ["UMLS:C0011860"])
    assert (code["row"], code["defined"], code["load_if_mentioned"]) == (1, False, False)


def test_a_name_with_another_cui_is_not_an_exact_synonym(tmp_path: Path) -> None:
    code = concepts(stage(tmp_path, NAMES))["MESH:D003924"]
    assert code["synonyms"] == ["NIDDM"]
    assert code["other_synonyms"] == ["Insulin-resistant diabetes mellitus"]
    assert (code["xrefs"], code["inexact_xrefs"]) == (["UMLS:C0011860"], ["UMLS:C0854110"])


def test_rejects_state_the_reason_and_rows_reconcile(tmp_path: Path) -> None:
    staged = stage(tmp_path, NAMES, RELATIONS, TYPES)
    assert (staged.rows_read, staged.rows_rejected) == (17 + 6 + 18, 6 + 1 + 9)
    rejects = staged.rejects().select("file", "line", "column", "found", "reason").collect().rows()
    assert rejects == [
        (NAMES, 7, "LAT", "SPA", "a language that is not in `languages`"),
        (NAMES, 9, "SUPPRESS", "O", "suppressible or obsolete; `suppressed = true` includes it"),
        (NAMES, 11, "CODE", "NOCODE", "no code"),
        (NAMES, 12, "SAB", "RXNORN", "a vocabulary without a prefix; add one to `prefixes`; did you mean 'RXNORM'?"),
        (NAMES, 14, "#fields", "C0000001|ENG|P|short", "4 fields instead of 19"),
        (NAMES, 16, "CUI", "0011860", "not a CUI"),
        (TYPES, 6, "CUI", "C9999999", "no code of this CUI was read"),
        (RELATIONS, 9, "REL", "SIB", "siblings are implied by their parents"),
        (RELATIONS, 10, "RELA", "may_treet", "unknown RELA; did you mean 'may_treat'?"),
        (RELATIONS, 11, "RELA", None, "RO without RELA: the relation is not specified"),
        (RELATIONS, 12, "REL", "PARR", "unknown REL; did you mean 'PAR'?"),
        (RELATIONS, 13, "AUI2", "A9999999", "no code of this atom was read from MRCONSO"),
        (RELATIONS, 14, "CUI2", T2, "both endpoints are the same concept"),
        (RELATIONS, 15, "SUPPRESS", "O", "suppressible or obsolete; `suppressed = true` includes it"),
        (RELATIONS, 16, "REL", "RQ", "possibly synonymous: not a statement"),
        (RELATIONS, 17, "STYPE1", "TUI", "unknown STYPE; did you mean 'CUI'?"),
    ]  # fmt: skip


def test_relations_are_read_from_right_to_left_and_mirrors_give_one_edge(tmp_path: Path) -> None:
    staged = stage(tmp_path, NAMES, RELATIONS)
    is_a = ("IS_A", T2, DM, "isa")
    assert edges(staged, 1, 2, 18) == [is_a, is_a, is_a]
    treats = ("TREATS", METFORMIN, T2, "may_treat")
    assert edges(staged, 4, 5) == [treats, treats]


def test_an_endpoint_is_a_cui_only_if_stype_is_cui(tmp_path: Path) -> None:
    staged = stage(tmp_path, NAMES, RELATIONS)
    assert edges(staged, 3) == [("IS_A", "UMLS:C0011860", "UMLS:C0011849", "isa")]
    assert edges(staged, 8) == [("SAME_AS", "ICD10CM:E11", "MESH:D003924", "SY")]


def test_broader_relations_are_cross_references_without_direction_and_weight(tmp_path: Path) -> None:
    staged = stage(tmp_path, NAMES, RELATIONS)
    broader = ("XREF", "UMLS:C0011860", "UMLS:C0011849", "broader or narrower")
    assert edges(staged, 6, 7) == [broader, broader]
    weights = staged.edges().filter(pl.col("type") == "XREF").select("weight").collect()
    assert weights["weight"].null_count() == 2


def test_kinds_follow_from_the_prefix_or_the_semantic_type(tmp_path: Path) -> None:
    plain = concepts(stage(tmp_path / "a", NAMES))
    assert (plain[T2]["kind"], plain["ICD10CM:E11"]["kind"], plain["OMIM:601226"]["kind"]) == (
        "Concept", "Disease", "Disease",
    )  # fmt: skip
    typed = concepts(stage(tmp_path / "b", NAMES, TYPES))
    assert (typed[T2]["kind"], typed[METFORMIN]["kind"], typed["OMIM:601226"]["kind"]) == ("Disease", "Drug", "Gene")


def test_options_select_vocabularies_languages_and_suppressed_names(tmp_path: Path) -> None:
    codes = concepts(stage(tmp_path / "a", NAMES, vocabularies=["MSH", "MSHSPA"], languages=["ENG", "SPA"],
                           prefixes={"MSHSPA": "MESH"}))  # fmt: skip
    assert set(codes) == {"MESH:D003924"}
    assert codes["MESH:D003924"]["name"] == "Diabetes Mellitus, Type 2"
    assert "Diabetes Mellitus Tipo 2" in codes["MESH:D003924"]["synonyms"]
    assert concepts(stage(tmp_path / "b", NAMES, suppressed=True))[DM]["synonyms"] == ["DM"]
    with pytest.raises(DataError, match="did you mean 'SNOMEDCT_US'"):
        stage(tmp_path / "c", NAMES, vocabularies=["SNOMEDCT"])


def test_files_with_another_name_or_layout_are_rejected(tmp_path: Path) -> None:
    (tmp_path / "MRCONS.RRF").write_text("x|\n")
    with pytest.raises(DataError, match="did you mean 'MRCONSO'"):
        stage(tmp_path / "a", "MRCONS.RRF", folder=tmp_path)
    (tmp_path / NAMES).write_text("C0000001|ENG|name|\n")
    with pytest.raises(DataError, match=r"18 fields of MRCONSO\.RRF"):
        stage(tmp_path / "b", NAMES, folder=tmp_path)


def test_a_code_is_linked_to_the_concept_with_its_cui(tmp_path: Path) -> None:
    """Neither the CUI nor the code is a node if a vocabulary has the concept; the concept has the code as xref."""
    mondo = MemoryStage.of_rows("mondo", concepts=[disease(1, "MONDO:0005148", "UMLS:C0011860")])
    result = resolved(stage(tmp_path, NAMES, RELATIONS), mondo)
    ids = set(result.nodes["id"])
    assert not {T2, "ICD10CM:E11", "MESH:D003924", "UMLS:C0011860"} & ids
    node = result.nodes.filter(id="MONDO:0005148").row(0, named=True)
    assert {T2, "ICD10CM:E11", "MESH:D003924", "UMLS:C0011860"} <= set(node["xrefs"])
    treats = result.edges.filter(type="TREATS").select("start", "end", "resolved_by").rows()
    assert treats == [(METFORMIN, "MONDO:0005148", "own")]
    counts = result.sources[1]
    states = (counts.rows_loaded, counts.rows_merged, counts.rows_rejected, counts.rows_dangling, counts.rows_staged)
    assert sum(states) == counts.rows_read == 17 + 18
    assert counts.rows_merged >= 4, "mirrors, and a name that occurs twice"


def test_a_cui_of_two_clusters_links_to_neither(tmp_path: Path) -> None:
    both = [disease(1, "MONDO:1", "UMLS:C0011860"), disease(2, "MONDO:2", "UMLS:C0011860")]
    result = resolved(stage(tmp_path, NAMES), MemoryStage.of_rows("mondo", concepts=both))
    assert T2 in set(result.nodes["id"])


def test_codes_that_the_umls_defines_are_joined_by_cui(tmp_path: Path) -> None:
    staged = stage(tmp_path, NAMES, TYPES, defines=["SNOMEDCT_US", "ICD10CM", "MSH"])
    same = resolved(staged).edges.filter(type="SAME_AS").select("start", "end", "relation").rows()
    assert set(same) == {
        ("ICD10CM:E11", "MESH:D003924", "same CUI"),
        ("ICD10CM:E11", T2, "same CUI"),
        ("MESH:D003924", T2, "same CUI"),
        ("ICD10CM:E08-E13", DM, "same CUI"),
    }


_TEXT = st.text(st.characters(exclude_characters="|\n\r", exclude_categories=("Cs", "Cc")), max_size=6)
_FIELDS = st.lists(
    st.tuples(
        st.sampled_from(["C0000001", "C0000002", "C1", ""]),
        st.sampled_from(["ENG", "SPA", ""]),
        st.sampled_from(["HP", "MSH", "MTH", ""]),
        st.sampled_from(["PT", "ET", "AB", ""]),
        st.sampled_from(["1", "2", "NOCODE", ""]) | _TEXT,
        st.sampled_from(["a", "b", ""]) | _TEXT,
        st.sampled_from(["N", "O", ""]),
    ),
    min_size=1,
    max_size=12,
)


@settings(max_examples=60, deadline=None)
@given(_FIELDS)
def test_every_row_gives_a_record_or_a_reject(
    tmp_path_factory: pytest.TempPathFactory, rows: list[tuple[str, ...]]
) -> None:
    path = tmp_path_factory.mktemp("umls") / NAMES
    lines = [
        f"{cui}|{lat}|P|L|PF|S|Y|A{n}||||{sab}|{tty}|{code}|{name}|0|{live}||"
        for n, (cui, lat, sab, tty, code, name, live) in enumerate(rows)
    ]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    tables = read(SourceFiles(SourceConfig("umls", "umls", (NAMES,)), (path,)), UmlsOptions())
    used, rejected = set(tables.concepts["row"]), set(tables.rejects["row"])
    assert used | rejected == set(range(1, len(rows) + 1))
    assert not used & rejected
    named = tables.concepts.filter(pl.col("name").is_not_null())
    assert named["id"].is_unique().all()
    assert set(named["id"]) == set(tables.concepts["id"])


def test_shared_names_and_relations_are_read(tmp_path: Path, shared_data: Path) -> None:
    staged = stage(tmp_path, "umls/MRCONSO.RRF.gz", "umls/MRREL.RRF.gz", folder=shared_data)
    assert (staged.rows_read, staged.rows_rejected) == (110_673 + 28_404, 0)
    assert staged.concepts().select(pl.col("id").n_unique()).collect().item() == 25_686
    assert concepts(staged)["HP:0003270"]["name"] == "Abdominal distention"
