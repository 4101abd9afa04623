"""Search: texts are resolved, one model answers, and k hits are returned if they exist."""

from __future__ import annotations

from datetime import date

import numpy as np
import pytest

from generel_etl.errors import NotFoundError, UsageError
from tests.ask.conftest import IMMUNE, ids


def test_each_spelling_is_resolved(shared_world) -> None:
    cases = {
        "rs2476601": ("rsid", "rs2476601"),
        " RS02476601 ": ("rsid", "rs2476601"),
        "MONDO:0008383": ("code", "MONDO:0008383"),
        "mondo_0008383": ("code", "MONDO:0008383"),
        "EFO:0000685": ("code", "MONDO:0008383"),
        "doid:7148": ("code", "MONDO:0008383"),
        "ENSG00000134242": ("code", "HGNC:9652"),
        "http://purl.obolibrary.org/obo/MONDO_0005148": ("code", "MONDO:0005148"),
        "PTPN22": ("name", "HGNC:9652"),
        "ptpn22": ("name", "HGNC:9652"),
        "RHEUMATOID  arthritis": ("name", "MONDO:0008383"),
        "juvenile diabetes": ("synonym", "MONDO:0005147"),
        "orencia": ("synonym", "DRUGBANK:DB01281"),
        "morning joint stiffness": ("text", None),
        'stiffness of "joints" (morning) \\ [x] AND': ("text", None),
    }
    for text, (by, id_) in cases.items():
        answer = shared_world.ask(text, k=3)
        assert (answer.resolved_by, answer.resolved_id) == (by, id_), text


def test_unknown_code_or_rsid_is_not_free_text(shared_world) -> None:
    for text in ("rs1", "MONDO:0000001", "GRCh38:6:1"):
        with pytest.raises(NotFoundError, match="no such"):
            shared_world.ask(text)
    with pytest.raises(UsageError, match="no text to search"):
        shared_world.ask("  ")
    with pytest.raises(UsageError, match="did you mean 'Gene'"):
        shared_world.ask("asthma", kind="Gen")
    with pytest.raises(UsageError, match="number of hits"):
        shared_world.ask("asthma", k=0)


def test_snp_not_in_the_graph_is_searched_by_its_locus(shared_world) -> None:
    answer = shared_world.ask("RS4242", k=2, kind="Disease")
    assert (answer.resolved_by, answer.resolved_id, answer.term.kind) == ("locus", "rs4242", "SNP")
    assert ids(answer) == ["MONDO:0005010", "MONDO:0005148"]
    assert [h.linked for h in answer.hits] == [None, None]
    assert answer.sentence() == (
        "rs4242 is not in the graph; "
        "its vector is from 1 gene (CDKN2B-AS1) and 2 SNPs near 9:22125000 (GRCh38), from list"
    )
    assert shared_world.ask("rs689", k=1).as_json()["locus"] is None


def test_hits_are_exact_with_one_row_per_cluster_best_first(shared_world) -> None:
    answer = shared_world.ask("MONDO:0008383", k=20)
    unit = {id_: v / np.linalg.norm(v) for id_, v in shared_world.vectors.items()}
    expected = sorted(
        (id_ for id_ in unit if id_ not in ("MONDO:0008383", "EFO:0000685")),
        key=lambda id_: (-round(float(unit[id_] @ IMMUNE), 5), id_),
    )
    assert ids(answer) == expected
    for hit in answer.hits:
        assert hit.score == pytest.approx(float(unit[hit.id] @ IMMUNE), abs=1e-4)
    near = shared_world.ask("DRUGBANK:DB01281", k=1)
    assert near.hits[0].codes == ("EFO:0000685", "DOID:7148")


def test_named_cluster_is_the_first_hit(shared_world) -> None:
    answer = shared_world.ask("RA", k=3)
    assert (answer.hits[0].id, answer.hits[0].score, answer.hits[0].linked) == ("MONDO:0008383", 1.0, None)
    assert len(answer.hits) == 3
    assert all(h.linked is not None and h.id != "MONDO:0008383" for h in answer.hits[1:])
    assert ids(shared_world.ask("RA", k=1, kind="Drug")) == ["DRUGBANK:DB01281"]


def test_links_count_up_to_a_date(shared_world) -> None:
    found = {h.id: h.linked for h in shared_world.ask("rs2476601", k=20).hits}
    assert found["MONDO:0008383"]
    assert found["MONDO:0005010"]
    assert found["HGNC:9652"]
    assert not found["DRUGBANK:DB01281"]
    before = shared_world.ask("rs2476601", k=20, published_before=date(2007, 6, 7))
    then = {h.id: h.linked for h in before.hits}
    assert not then["MONDO:0008383"]
    assert not then["MONDO:0005010"]
    assert all(then[id_] for id_ in ("MONDO:0005147", "HGNC:9652")), "an edge without a date counts at any date"
    through_member = shared_world.ask("MONDO:0008383", k=20, kind="Phenotype")
    assert [(h.id, h.linked) for h in through_member.hits] == [("HP:0001370", True)]


def test_free_text_has_nearest_concepts_and_no_links(shared_world) -> None:
    answer = shared_world.ask("morning joint stiffness", k=3)
    assert [h.linked for h in answer.hits] == [None] * 3
    assert answer.nearest[0].id == "HP:0001370"
    assert "joint stiffness" in answer.sentence()
    misspelt = shared_world.ask("rheumatiod arthritsi", k=3)
    assert misspelt.nearest[0].id == "MONDO:0008383"


def test_snp_hit_has_gene_and_position(shared_world) -> None:
    hit = shared_world.ask("CTLA4", k=1, kind="snp").hits[0]
    assert (hit.id, hit.genes, hit.position, hit.genes_and_position) == (
        "rs3087243",
        ("CTLA4",),
        "2:203874196",
        "CTLA4, 2:203874196",
    )
    assert hit.score == pytest.approx(
        0.5
        * float(np.dot(shared_world.vectors["rs3087243"], shared_world.vectors["HGNC:2505"]))
        / float(np.linalg.norm(shared_world.vectors["rs3087243"]) * np.linalg.norm(shared_world.vectors["HGNC:2505"])),
        abs=1e-4,
    ), "the constant of a gene that asks for SNPs"


def test_mixed_cluster_shows_the_member_of_the_queried_kind(shared_world) -> None:
    assert ids(shared_world.ask("abatacept", k=1, kind="Trait")) == ["EFO:0000685"]
    assert ids(shared_world.ask("abatacept", k=1, kind="Disease")) == ["MONDO:0008383"]
