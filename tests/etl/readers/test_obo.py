"""OBO: terms, synonyms by scope, qualified cross-references, obsolete terms, kinds."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from generel_etl.errors import ConfigError, DataError
from generel_etl.readers.obo.parser import read_terms
from generel_etl.stage import Stage
from tests.etl.conftest import stage_files

DATA = Path(__file__).parents[2] / "data" / "obo"


def stage(tmp_path: Path, *files: str, folder: Path = DATA, **options: object) -> Stage:
    return stage_files(tmp_path, "obo", *files, folder=folder, **options)


def concepts(staged: Stage) -> dict[str, dict[str, Any]]:
    return {c["id"]: c for c in staged.concepts().collect().to_dicts()}


def test_all_tags_of_a_term_are_read(tmp_path: Path) -> None:
    staged = stage(tmp_path, "terms.obo")
    term = concepts(staged)["MONDO:0000010"]
    assert term["name"] == "Example, disease"
    assert term["synonyms"] == ["example disorder", 'say "example"', "of format 1.0"]
    assert term["other_synonyms"] == ["old example", "wide example", "no scope"]
    assert term["xrefs"] == ["UMLS:C0000010", "DOID:10", "SNOMEDCT:20"]
    assert term["inexact_xrefs"] == ["ICD10CM:E11.40", "MESH:D000010", "NCIT:C10", "OMIMPS:100"]
    assert term["exact_matches"] == ["ORPHA:10"]
    assert term["alt_ids"] == ["MONDO:0000011", "MONDO:0000020", "MONDO:0000021"]
    assert (term["kind"], term["defined"], term["load_if_mentioned"]) == ("Disease", True, False)
    edges = staged.edges().collect().select("type", "start_id", "end_id", "start_kind", "end_kind", "weight").rows()
    assert edges == [("IS_A", "MONDO:0000010", "MONDO:0000001", "Disease", "Disease", 1.0)]


def test_rows_reconcile_and_obsolete_terms_state_their_replacement(tmp_path: Path) -> None:
    staged = stage(tmp_path, "terms.obo")
    rejects = {(r["line"], r["column"]): r for r in staged.rejects().collect().to_dicts()}
    assert {key: r["reason"] for key, r in rejects.items()} == {
        (20, "synonym"): "not a synonym: the text is not in quotation marks",
        (33, "#line"): "neither a tag nor a stanza",
        (39, "is_obsolete"): "obsolete, replaced by MONDO:0000010",
        (45, "is_obsolete"): "obsolete, replaced by MONDO:0000010",
        (51, "is_obsolete"): "obsolete, no replacement; consider MONDO:0000001",
        (57, "is_obsolete"): "obsolete, replaced by several: MONDO:0000001, MONDO:0000010",
        (64, "is_obsolete"): "obsolete, replaced by HP:0000118",
        (70, "id"): "duplicate id: first in terms.obo, line 10",
        (74, "id"): "not an id",
    }
    assert rejects[(39, "is_obsolete")]["found"] == "MONDO:0000020 dead, replaced through a chain"
    assert (staged.rows_read, staged.rows_rejected) == (11, 7)
    used_rows = {r["row"] for table in (staged.concepts(), staged.edges()) for r in table.collect().to_dicts()}
    assert staged.rows_read == staged.rows_rejected + len(used_rows)


def test_terms_of_other_vocabularies_are_mentions(tmp_path: Path) -> None:
    terms = concepts(stage(tmp_path, "terms.obo"))
    aspirin = terms["CHEBI:15365"]
    assert (aspirin["kind"], aspirin["defined"], aspirin["load_if_mentioned"]) == ("Drug", False, True)
    assert terms["HP:0000118"]["alt_ids"] == ["MONDO:0000024"]  # replaced a term of this file
    assert terms["HP:0000118"]["kind"] == "Phenotype"


def test_an_obsolete_term_mentions_its_replacement_in_another_file(tmp_path: Path) -> None:
    text = "ontology: efo\n\n[Term]\nid: EFO:1\nname: dead\nis_obsolete: true\nreplaced_by: MONDO:5\n"
    (tmp_path / "x.obo").write_text(text)
    staged = stage(tmp_path, "x.obo", folder=tmp_path)
    replacement = concepts(staged)["MONDO:0000005"]
    assert (replacement["alt_ids"], replacement["defined"], replacement["kind"]) == (["EFO:0000001"], False, "Disease")
    assert (staged.rows_read, staged.rows_rejected) == (1, 0)


def test_efo_terms_have_the_kinds_of_their_roots_or_partners(tmp_path: Path) -> None:
    kinds = {c["name"]: (c["kind"], c["load_if_mentioned"]) for c in concepts(stage(tmp_path, "efo.obo")).values()}
    assert kinds == {
        "experimental factor": ("Trait", True),
        "disease": ("Disease", False),
        "under disease": ("Disease", False),
        "measurement": ("Trait", False),
        "under measurement": ("Trait", False),
        "with a partner": ("Disease", False),
        "shares its partner": ("Trait", True),
        "shares its partner too": ("Trait", True),
        "borrowed from Orphanet": ("Disease", True),
        "entity": ("Concept", True),
    }


def test_go_terms_have_the_kinds_of_their_roots_or_namespaces(tmp_path: Path) -> None:
    kinds = {c["name"]: c["kind"] for c in concepts(stage(tmp_path, "go.obo")).values()}
    assert kinds["by its root"] == kinds["biological_process"] == "BiologicalProcess"
    assert kinds["molecular_function"] == "MolecularActivity"
    assert kinds["by its namespace"] == "CellularComponent"


def test_a_file_without_an_ontology_header_defines_all_its_prefixes(tmp_path: Path) -> None:
    terms = concepts(stage(tmp_path, "own.obo"))
    assert {c["id"]: c["kind"] for c in terms.values()} == {
        "MONDO:0000001": "Disease",
        "HP:0000002": "Phenotype",
        "DRUGBANK:DB00003": "Drug",
        "MESH:D000004": "Concept",
    }
    assert all(c["defined"] and not c["load_if_mentioned"] for c in terms.values())


def test_kinds_and_defines_can_be_configured(tmp_path: Path) -> None:
    terms = concepts(stage(tmp_path, "own.obo", kinds={"MESH": "Pathway"}, defines=["MESH", "mondo"]))
    assert terms["MESH:D000004"]["kind"] == "Pathway"
    assert [i for i, c in terms.items() if c["defined"]] == ["MONDO:0000001", "MESH:D000004"]
    assert {c["kind"] for c in concepts(stage(tmp_path, "own.obo", kind="Trait")).values()} == {"Trait"}
    with pytest.raises(ConfigError, match="did you mean 'Disease'"):
        stage(tmp_path, "own.obo", kind="disease")


def test_non_obo_file_is_rejected(tmp_path: Path) -> None:
    (tmp_path / "x.obo").write_text("a\tb\n1\t2\n")
    with pytest.raises(DataError, match=r"no \[Term\] in this file"):
        stage(tmp_path, "x.obo", folder=tmp_path)


@settings(deadline=None)
@given(st.lists(st.text(max_size=30), max_size=12))
def test_no_line_stops_the_parser(lines: list[str]) -> None:
    tags = ["id: X:1", 'synonym: "', "xref: {", "is_a:", "name: a {b", 'property_value: "x', *lines]
    assert len(list(read_terms(["[Term]", *tags]))) >= 1


@pytest.mark.parametrize(
    ("name", "rows", "edges", "kinds"),
    [
        ("mondo", 23_964, 36_011, {"Disease"}),
        ("efo", 16_226, 17_215, {"Disease", "Trait", "Concept"}),
        ("doid", 11_454, 15_938, {"Disease"}),
        ("go", 42_442, 67_579, {"BiologicalProcess", "MolecularActivity", "CellularComponent"}),
        ("hp", 19_484, 23_392, {"Phenotype"}),
    ],
)
def test_shared_ontologies_are_read(
    tmp_path: Path, shared_data: Path, name: str, rows: int, edges: int, kinds: set[str]
) -> None:
    staged = stage(tmp_path, f"ontologies/{name}.obo.gz", folder=shared_data)
    assert staged.rows_read == rows
    assert staged.rows_rejected == (450 if name == "hp" else 0)
    assert staged.edges().collect().height == edges
    assert set(staged.concepts().collect()["kind"].unique()) == kinds
