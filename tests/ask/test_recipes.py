"""Every recipe gives the right answer on a small graph with a known answer, and a different one on a changed graph."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from typing import Any

import numpy as np
import pytest

from generel_etl.errors import NotFoundError, UsageError
from generel_graph.ask import RecipeResult, query, run_recipe
from generel_graph.ask.recipes.recipe import list_recipes, read_recipe, recipe_names
from generel_graph.ask.recipes.run import prepare_recipe
from generel_graph.embed import activate

IMMUNE, SUGAR, HEART, _, OTHER = np.eye(8, dtype=np.float32)[:5]
RA, T1D, T2D, CAD = "MONDO:0008383", "MONDO:0005147", "MONDO:0005148", "MONDO:0005010"
EDGES = (  # the edges around the locus of CTLA4
    (
        "ASSOCIATED_WITH",
        "rs100",
        T1D,
        {
            "effect_allele": "G",
            "other_allele": "A",
            "odds_ratio": 1.3,
            "neg_log10_p": 9.0,
            "published": date(2010, 1, 1),
            "pubmed_id": "7",
        },
    ),
    ("IN_LD_WITH", "rs100", "rs231775", {"r2": 0.9}),
    (
        "REGULATES",
        "rs100",
        "HGNC:2505",
        {"tissue": "monocyte", "effect_allele": "A", "other_allele": "G", "beta": -0.4, "neg_log10_p": 20.0},
    ),
    ("TARGETS", "DRUGBANK:DB2", "HGNC:2505", {}),
    ("UPREGULATES", "DRUGBANK:DB2", "HGNC:2505", {}),
    ("DOWNREGULATES", "DRUGBANK:DB01281", "HGNC:2505", {}),
    ("XREF", "DOID:9744", T1D, {}),
    ("GENE_ASSOCIATED_WITH", "HGNC:2505", "HP:0001370", {}),
    (
        "CORRELATES_WITH",
        "rs2476601",
        "PHECODE:714.1",
        {"effect_allele": "G", "other_allele": "A", "odds_ratio": 0.6, "cohort": "UK Biobank", "cases": 900},
    ),
    ("CORRELATES_WITH", "rs2476601", CAD, {"effect_allele": "G", "odds_ratio": 0.9, "cohort": "UK Biobank"}),
)


def write(world, cypher: str, **values: Any) -> None:
    with world.graph.driver.session() as session:
        session.run(cypher, values).consume()


@contextmanager
def also(world, *edges: tuple) -> Iterator[None]:
    """Add edges (type, start, end, properties) for the duration of a `with` block."""
    keys = [link(world, *edge) for edge in edges]
    yield
    write(world, "MATCH ()-[r]->() WHERE r.key IN $keys DELETE r", keys=keys)


def link(world, kind: str, start: str, end: str, props: dict[str, Any] | None = None) -> str:
    key = f"{kind}|{start}|{end}"
    edge = {"start": start, "end": end, "props": {"source": "toy", "key": key, "weight": 0.5, **(props or {})}}
    world.graph.batches("load/create_edges", [edge], type=kind)
    return key


@pytest.fixture(scope="module")
def locus(lasting, build_world):
    """The small graph with builds, weights, LD, eQTL, a second drug, a cohort and other vocabularies."""
    world = build_world(
        lasting,
        lambda snp, concept: [
            (snp("rs100", "2", 203_900_000, ["A", "G"]), IMMUNE + 0.15 * OTHER),
            (snp("rs900", "2", 203_868_000), IMMUNE),
            (concept("DRUGBANK:DB2", "Drug", "adder"), HEART + IMMUNE),
            (concept("DOID:9744", "Disease", "diabetes, type 1"), IMMUNE + 0.5 * SUGAR),
            (concept("PHECODE:714.1", "Disease", "rheumatoid arthritis, phecode"), IMMUNE + 0.1 * HEART),
        ],
    )
    write(world, "MATCH (s:SNP) SET s.build = CASE s.id WHEN 'rs900' THEN 'GRCh37' ELSE 'GRCh38' END")
    write(world, "MATCH ()-[r:ASSOCIATED_WITH]->() SET r.weight = 0.5")
    for edge in EDGES:
        link(world, *edge)
    return world


def run(world, name: str, **parameters: Any) -> RecipeResult:
    return run_recipe(world.graph, world.spaces, name, parameters)


def table(world, name: str, **parameters: Any) -> list[dict[str, Any]]:
    answer = run(world, name, **parameters)
    return [dict(zip(answer.columns, row, strict=True)) for row in answer.rows]


def test_unlinked_variants_near_a_disease_that_regulate_a_drugged_gene(locus) -> None:
    name = "variants_regulating_drugged_gene"
    (row,) = table(locus, name, disease="rheumatoid disease")
    assert (row["snp"], row["gene"], row["tissue"]) == ("rs100", "CTLA4", "monocyte")
    assert (row["allele"], row["expression"], row["beta"]) == ("A", "lowers", -0.4)
    assert row["drugs"] == ["abatacept", "adder"]
    assert row["treats"] == ["rheumatoid arthritis"]
    assert row["known_for"] == ["type 1 diabetes"]
    assert row["cosine"] == pytest.approx(1 / np.sqrt(1 + 0.15**2), abs=1e-4)
    assert table(locus, name, disease=RA, tissue="MONO")
    assert not table(locus, name, disease=RA, tissue="liver")
    assert table(locus, name, disease=T1D) == [], "its own report links it"
    with also(locus, ("ASSOCIATED_WITH", "rs231775", RA, {"published": date(2014, 1, 1)})):
        assert table(locus, name, disease=RA) == [], "its neighbour is linked now"
        assert len(table(locus, name, disease=RA, published_before="2014-01-01")) == 1
        assert len(run_recipe(locus.graph, locus.spaces, name, {"disease": RA}, None, date(2014, 1, 1)).rows) == 1


def test_variants_at_a_locus_are_ranked_for_a_disease(locus) -> None:
    name = "variants_at_locus"
    rows = table(locus, name, disease="T1D", snp="RS231775", window=100_000)
    assert [(r["rank"], r["snp"]) for r in rows] == [(1, "rs231775"), (2, "rs100"), (3, "rs3087243")]
    assert [r["reports"] for r in rows] == [1, 1, 0]
    assert (rows[1]["allele"], rows[1]["odds_ratio"], rows[1]["r2"]) == ("G", 1.3, 0.9)
    assert rows[0]["genes"] == ["CTLA4"]
    assert rows[0]["r2"] is None
    at = table(locus, name, disease=T1D, snp="GRCh38:2:203874190", window=10)
    assert [r["snp"] for r in at] == ["rs3087243"], "a position without an SNP can be the centre"
    before = table(locus, name, disease=T1D, snp="rs231775", published_before="2007-01-01")
    assert [r["reports"] for r in before] == [0, 0, 0]
    with also(locus, ("IS_A", T1D, T2D)):
        assert table(locus, name, disease=T2D, snp="rs231775", window=0)[0]["reports"] == 1, "a kind of it counts"
    assert table(locus, name, disease=T2D, snp="rs231775", window=0)[0]["reports"] == 0


def test_drugs_have_a_path_and_a_check_of_directions(locus) -> None:
    name = "drugs_for_disease"
    found = {r["drug"]: r for r in table(locus, name, disease=T1D)}
    assert list(found) == ["abatacept", "adder"], "the nearer drug first"
    against, with_it = found["abatacept"], found["adder"]
    assert against["path"] == (
        "type 1 diabetes <-[ASSOCIATED_WITH p 1e-9]- rs100 -[REGULATES in monocyte]-> CTLA4 <-[TARGETS]- abatacept"
    )
    assert (against["risk"], against["expression"], against["drug_action"]) == ("G raises", "G raises", "lowers")
    assert (against["fits"], with_it["fits"]) == ("against the risk", "with the risk")
    assert against["support"] == "eQTL only"
    assert [r["drug"] for r in table(locus, name, disease=RA)] == [], "no SNP of RA leads to a drugged gene"
    with also(
        locus,
        ("GENE_ASSOCIATED_WITH", "HGNC:2505", T1D, {"relation": "colocalisation"}),
        ("UPREGULATES", "DRUGBANK:DB01281", "HGNC:2505"),
        ("TREATS", "DRUGBANK:DB2", T1D),
    ):
        (row,) = table(locus, name, disease=T1D)
        assert (row["drug"], row["support"], row["drug_action"]) == ("abatacept", "colocalised", None)
        assert row["fits"] == "unknown: drug action (a drug that lowers CTLA4 fits)"
        (row,) = table(locus, name, disease=T1D, published_before="2010-01-01")
        assert (row["snp"], row["fits"]) == ("rs231775", "unknown: risk allele")
    write(locus, "MATCH (:SNP {id: 'rs100'})-[r:ASSOCIATED_WITH]->() SET r.flags = ['palindromic']")
    row = table(locus, name, disease=T1D)[0]
    assert (row["risk"], row["fits"]) == (None, "unknown: risk allele"), "the strand is unknown"
    write(locus, "MATCH (:SNP {id: 'rs100'})-[r:ASSOCIATED_WITH]->() REMOVE r.flags")


def test_codes_are_ordered_by_cluster_cross_reference_and_cosine(locus) -> None:
    name = "codes_near_concept"
    own = table(locus, name, concept="RA", vocabulary="DOID")
    assert [(r["code"], r["way"], r["through"]) for r in own] == [
        ("DOID:7148", "same cluster", RA),
        ("DOID:9744", "nearest", "DOID:9744"),
    ]
    assert own[1]["cosine"] == pytest.approx(1 / np.sqrt(1.25), abs=1e-4)
    (member,) = table(locus, name, concept=RA, vocabulary="EFO")
    assert (member["code"], member["kind"], member["way"]) == ("EFO:0000685", "Trait", "same cluster")
    assert table(locus, name, concept=T1D, vocabulary="DOID")[0]["way"] == "cross-reference"
    assert table(locus, name, concept="DOID:9744", vocabulary="MONDO")[0]["code"] == T1D
    assert table(locus, name, concept="DOID:9744", vocabulary="MONDO")[1]["way"] == "nearest"
    assert table(locus, name, concept=RA, vocabulary="XYZ") == []


def test_traits_of_an_snp_without_reports(locus) -> None:
    name = "traits_of_new_snp"
    place = table(locus, name, snp="GRCh38:2:203868991", window=20_000)
    assert place[0]["trait"] == "type 1 diabetes"
    assert place[0]["snps"][0] == "rs231775"
    assert (place[0]["cosine"], place[0]["known"]) == (None, False)
    parts = 0.5 * np.exp(-1000 / 25_000), 0.5 * 0.2  # rs231775 by distance; rs100 by its gene, which is too far away
    assert place[0]["evidence"] == pytest.approx(1 - (1 - parts[0]) * (1 - parts[1]), abs=1e-3)
    (node,) = table(locus, name, snp="rs100")
    assert (node["trait_id"], node["known"]) == (T1D, True)
    assert node["evidence"] == pytest.approx(0.9 * 0.5, abs=1e-4), "its own report does not count"
    assert (node["ways"], node["genes"]) == (["LD", "gene", "position"], ["CTLA4"])
    assert table(locus, name, snp="rs100", published_before="2007-01-01") == []
    assert table(locus, name, snp="GRCh37:2:203868991", window=20_000) == [], "another build"


def test_pleiotropy_refers_to_one_allele_and_lists_the_most_similar_other_trait(locus) -> None:
    found = {r["trait_id"]: r for r in table(locus, "snp_pleiotropy", snp="rs2476601")}
    assert set(found) == {RA, T1D, T2D, CAD, "PHECODE:714.1"}
    assert (found[CAD]["allele"], found[CAD]["direction"]) == ("G", "mixed"), "the allele that most reports name"
    for_a = {r["trait_id"]: r for r in table(locus, "snp_pleiotropy", snp="rs2476601", allele="A")}
    assert for_a[RA]["direction"] == "raises"
    assert for_a["PHECODE:714.1"]["direction"] == "raises"
    assert for_a[CAD]["direction"] == "mixed"
    assert for_a[CAD]["reports"] == 2
    assert for_a[T2D]["direction"] is None
    assert for_a[T2D]["allele"] is None
    assert for_a[RA]["likest"] == "rheumatoid arthritis, phecode"
    assert for_a[RA]["likeness"] > 0.99
    assert for_a[CAD]["likeness"] < 0.2, "a trait of another sort"
    proxy = table(locus, "snp_pleiotropy", snp="rs100", least_r2=0.8)
    assert [(r["trait_id"], sorted(r["through"]), r["reports"]) for r in proxy] == [(T1D, ["rs100", "rs231775"], 2)]
    assert table(locus, "snp_pleiotropy", snp="rs100", least_r2=0.95)[0]["reports"] == 1
    assert len(table(locus, "snp_pleiotropy", snp="rs2476601", published_before="2005-01-01")) == 4


def test_genes_near_a_set_of_phenotypes(locus) -> None:
    name = "genes_near_phenotypes"
    rows = table(locus, name, phenotypes=["joint stiffness"])
    assert [r["gene"] for r in rows] == ["CTLA4", "PTPN22", "INS"]
    assert [r["known_of"] for r in rows] == [["joint stiffness"], [], []]
    both = table(locus, name, phenotypes=["joint stiffness", "type 2 diabetes"])
    unit = {k: v / np.linalg.norm(v) for k, v in locus.vectors.items()}
    sugar, joint = unit[T2D], unit["HP:0001370"]
    cosines = {g: (float(unit[g] @ sugar), float(unit[g] @ joint)) for g in ("HGNC:9652", "HGNC:6081", "HGNC:2505")}
    assert [r["gene_id"] for r in both] == sorted(cosines, key=lambda g: -sum(cosines[g]))
    for row in both:
        assert row["cosine"] == pytest.approx(sum(cosines[row["gene_id"]]) / 2, abs=1e-4)
        assert row["least"] == pytest.approx(min(cosines[row["gene_id"]]), abs=1e-4)


def test_similarity_of_diseases_beside_their_shared_genetics(locus) -> None:
    rows = table(locus, "diseases_alike_by_genetics", disease="RA", least=1)
    assert [r["disease_id"] for r in rows][:2] == ["PHECODE:714.1", T1D], "a disease without SNPs is not compared"
    t1d = next(r for r in rows if r["disease_id"] == T1D)
    assert (t1d["rank_near"], t1d["shared_snps"], t1d["shared_genes"], t1d["genes"]) == (2, 1, 1, ["PTPN22"])
    assert t1d["jaccard"] == pytest.approx(1 / 3, abs=1e-4)
    assert t1d["rank_genes"] == 4
    assert {r["rank_genes"] for r in rows} == {1, 2, 3, 4}
    assert not t1d["linked"]
    assert [r["disease_id"] for r in table(locus, "diseases_alike_by_genetics", disease=RA, least=3)] == [T1D]
    early = table(locus, "diseases_alike_by_genetics", disease=RA, least=1, published_before="2007-01-02")
    assert next(r for r in early if r["disease_id"] == T1D)["shared_snps"] == 0, "its own report came later"


def test_reports_of_cohorts_are_compared_for_one_allele(locus) -> None:
    name = "snp_across_biobanks"
    found = {(r["trait_id"], r["reported_by"]): r for r in table(locus, name, snp="rs2476601")}
    row = found[RA, "toy 17554300"]
    assert (row["other_trait"], row["other_by"]) == ("rheumatoid arthritis, phecode", "UK Biobank")
    assert (row["allele"], row["odds_ratio"], row["other_odds_ratio"]) == ("A", 1.8, pytest.approx(1.667))
    assert row["agrees"] is True
    heart = found[CAD, "toy 3"]
    assert (heart["other_by"], heart["likeness"], heart["agrees"]) == ("UK Biobank", 1.0, False)
    assert (RA, "toy 17554300") not in {
        (r["trait_id"], r["reported_by"]) for r in table(locus, name, snp="rs2476601", alike=0.999)
    }
    of_heart = table(locus, name, snp="rs2476601", disease="CAD")
    assert {r["trait_id"] for r in of_heart} == {CAD}


def test_what_changed_between_two_models(locus) -> None:
    name = "changed_between_models"
    with pytest.raises(NotFoundError, match="no second model"):
        run(locus, name)
    (first,) = (row["model"]["id"] for row in locus.graph.rows("graph/list_models"))
    locus.vectors["rs689"] = IMMUNE
    locus.write("moved")
    rows = {r["id"]: r for r in table(locus, name, disease=RA, k=3)}
    assert {r["id"] for r in rows.values() if r["change"] == "came"} == {"rs689"}
    assert {r["id"] for r in rows.values() if r["change"] == "left"} == {"rs100"}
    moved = rows["rs689"]
    assert (moved["cosine"], moved["other_cosine"]) == (pytest.approx(1, abs=1e-4), pytest.approx(0, abs=1e-4))
    assert (moved["other_rank"], rows["rs100"]["rank"], moved["linked"]) == (None, None, False)
    assert {r["change"] for r in table(locus, name, disease=RA, kind="gene")} == {"stayed"}
    with pytest.raises(NotFoundError, match="no such model beside"):
        run(locus, name, disease=RA, other="moved")
    activate(locus.graph, first)
    back = {r["id"]: r["change"] for r in table(locus, name, disease=RA, k=3, other="moved")}
    assert (back["rs689"], back["rs100"]) == ("left", "came")


def test_pairs_near_in_the_space_and_unconnected_in_the_graph(locus) -> None:
    name = "unexplained_pairs"
    genes = table(locus, name, concept="RA", kind="gene", hops=2)
    assert [(r["id"], r["near_name"]) for r in genes] == [(RA, "INS")], "a drug or an SNP leads to the others"
    one = table(locus, name, concept=RA, kind="gene", hops=1)
    assert [r["near_name"] for r in one] == ["PTPN22", "CTLA4", "INS"]
    assert one[0]["cosine"] == pytest.approx(1 / np.sqrt(1.04), abs=1e-4)
    later = table(locus, name, concept=RA, kind="gene", hops=2, published_before="2007-06-07")
    assert [r["near_name"] for r in later] == ["PTPN22", "INS"], "the report that leads there is not known yet"
    assert table(locus, name, concept=RA, kind="Drug", hops=1)[0]["near_name"] == "adder"


def test_text_that_names_nothing_or_another_kind_is_rejected(locus) -> None:
    with pytest.raises(NotFoundError, match="did you mean 'rheumatoid arthritis'"):
        run(locus, "drugs_for_disease", disease="rheumatoid artritis")
    with pytest.raises(NotFoundError, match="names no disease of the graph, but the Gene HGNC:2505"):
        run(locus, "drugs_for_disease", disease="CTLA4")
    with pytest.raises(NotFoundError, match="no such"):
        run(locus, "drugs_for_disease", disease="MONDO:0000001")
    with pytest.raises(NotFoundError, match="names no SNP"):
        run(locus, "snp_effects", snp="rs4242")
    locus.graph.batches("load/merge_nodes", [locus.concept("HGNC:1", "Gene", "CAD")])
    assert run(locus, "diseases_alike_by_genetics", disease="CAD").values["disease"] == CAD, (
        "a gene of the same name is not a disease"
    )
    write(locus, "MATCH (g:Gene {id: 'HGNC:1'}) DELETE g")


def test_snp_not_in_the_graph_is_replaced_by_its_position(locus) -> None:
    answer = run(locus, "traits_of_new_snp", snp="rs4242")
    assert answer.values["snp"] == "GRCh38:9:22125000"
    assert "not in the graph" in answer.resolved["snp"]


@pytest.mark.parametrize(
    ("name", "values", "message"),
    [
        ("variants_at_locus", {"window": "wide"}, "an integer"),
        ("variants_at_locus", {"limit": -1}, "0 or more"),
        ("variants_at_locus", {"limit": 2.5}, "an integer"),
        ("variants_at_locus", {"limit": None}, "an integer"),
        ("variants_at_locus", {"disease": {"a": 1}}, "a text"),
        ("variants_at_locus", {"published_before": "2015"}, "a day"),
        ("genes_near_phenotypes", {"phenotypes": [1]}, "list of texts"),
        ("changed_between_models", {"kind": "Gen"}, "did you mean 'Gene'"),
        ("variants_at_locus", {"windw": 1}, "did you mean 'window'"),
        ("variants_at_lokus", {}, "did you mean 'variants_at_locus'"),
    ],
)
def test_value_of_a_wrong_type_is_rejected(locus, name: str, values: dict[str, Any], message: str) -> None:
    with pytest.raises(UsageError, match=message):
        run(locus, name, **values)


def test_printed_statement_runs_unchanged(locus) -> None:
    """The statement has ids in place of names, and the values that depend on the model."""
    values = {"phenotypes": "joint stiffness", "limit": 2}
    ready = prepare_recipe(locus.graph, locus.spaces, "genes_near_phenotypes", values)
    text = ready.cypher
    assert (ready.columns, ready.rows) == ([], []), "it is not run"
    assert text.startswith(f"// {ready.recipe.question}\n")
    assert "$" not in text
    assert '["HP:0001370"]' in text
    assert "[..8]" in text
    assert (
        query(locus.graph, locus.spaces, text).rows
        == run(locus, "genes_near_phenotypes", phenotypes="joint stiffness", limit=2).rows
    )


@pytest.mark.parametrize("name", recipe_names())
def test_every_recipe_can_be_pasted_with_its_defaults(locus, name: str) -> None:
    values = {"vector": [1.0] + 7 * [0.0]} if name == "concepts_near_text" else {}
    text = read_recipe(name, locus.graph.capabilities, 0, 0).pasteable(values)
    query(locus.graph, locus.spaces, text)


def test_list_has_all_recipes_with_their_questions() -> None:
    listed = dict(list_recipes())
    assert list(listed) == recipe_names()
    assert len(listed) >= 13
    assert all(question.endswith("?") for question in listed.values())
    assert len(set(listed.values())) == len(listed)
