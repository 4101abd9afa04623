"""The concepts of OMOP vocabularies: id, kind and name. Drugs are represented by their ingredients."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import polars as pl

from generel_etl.identifiers import canonical_prefix, curie, is_vocabulary, spellings
from generel_etl.readers.omop.cdm import Cdm, to_integer
from generel_etl.relations import with_suggestion

DOMAIN_KINDS = {"Condition": "Disease", "Drug": "Drug", "Measurement": "Phenotype", "Observation": "Phenotype"}
INGREDIENT = "Ingredient"
NOT_ROLLED_UP = "not_rolled_up"  # the flag of edges with a drug that is not an ingredient
# Relationships that lead from a drug product to its ingredients, for databases without CONCEPT_ANCESTOR.
TOWARDS_INGREDIENT = (
    "RxNorm has ing",
    "Consists of",
    "Tradename of",
    "Quantified form of",
    "RxNorm is a",
    "Contains",
    "Box of",
    "Marketed form of",
)
_MAX_STEPS = 6  # from a marketed box of a branded pack to its ingredients


@dataclass(frozen=True, slots=True)
class ConceptTerms:
    """The terms that represent the concepts of a database.

    `terms`: term (a number), id, kind, name, rolled_up (false for a drug that is not an ingredient). `links`: concept,
    term; a drug with several ingredients has several terms. `rejected`: concept and reason, of concepts without a term.
    """

    terms: pl.DataFrame
    links: pl.DataFrame
    rejected: pl.DataFrame


def name_concepts(cdm: Cdm, used: pl.DataFrame, domains: Iterable[str], prefixes: Mapping[str, str]) -> ConceptTerms:
    """The terms of the concepts that records use.

    `used`: concept. `domains`: the domains to read. `prefixes`: vocabulary_id → prefix, besides the built-in ones.
    """
    details = _details(cdm, used)
    targets = _targets(cdm, details)
    further = targets.select(concept="target").join(details, on="concept", how="anti")
    with_targets = pl.concat([details, _details(cdm, further)])
    with_targets = with_targets.with_columns(_prefix(prefixes).alias("prefix")).with_columns(
        curie(pl.concat_str("prefix", pl.lit(":"), "code")).alias("id")
    )
    concepts = used.join(details, on="concept", how="left").join(targets, on="concept", how="left")
    concepts = concepts.join(
        with_targets.select("prefix", "id", target="concept", target_vocabulary="vocabulary"), on="target", how="left"
    )
    concepts = concepts.with_columns(_reject_reason(tuple(domains), prefixes).alias("reason"))
    good = concepts.filter(pl.col("reason").is_null())
    named = (
        good.select("target", "id")
        .unique()
        .join(with_targets.select("name", "domain", "class", target="concept"), on="target")
        .sort("id", "target")
        .unique("id", keep="first", maintain_order=True)
    )
    terms = named.with_row_index("term").select(
        pl.col("term").cast(pl.Int64),
        "id",
        pl.col("domain").replace_strict(DOMAIN_KINDS, return_dtype=pl.String).alias("kind"),
        "name",
        ((pl.col("domain") != "Drug") | (pl.col("class") == INGREDIENT).fill_null(False)).alias("rolled_up"),
    )
    return ConceptTerms(
        terms,
        good.join(terms.select("id", "term"), on="id").select("concept", "term").unique().sort("concept", "term"),
        concepts.filter(pl.col("reason").is_not_null()).select("concept", "reason").unique("concept").sort("concept"),
    )


def _details(cdm: Cdm, wanted: pl.DataFrame) -> pl.DataFrame:
    """The rows of CONCEPT for some concepts: concept, name, domain, vocabulary, class, code."""
    table, selected = cdm.table("concept"), cdm.local(wanted.select(pl.col("concept").alias("wanted")))
    texts = {"name": "concept_name", "domain": "domain_id", "vocabulary": "vocabulary_id", "class": "concept_class_id"}
    known = table.select(
        concept=to_integer(table.concept_id),
        code=table.concept_code.cast("string"),
        **{name: table[column].cast("string") for name, column in texts.items()},
    )
    rows: pl.DataFrame = (
        known.semi_join(selected, known.concept == selected.wanted).select("concept", *texts, "code").to_polars()
    )
    return rows.unique("concept", keep="first").sort("concept")


def _targets(cdm: Cdm, details: pl.DataFrame) -> pl.DataFrame:
    """The concepts that represent each concept (concept, target): a drug's known ingredients, else itself."""
    products = details.filter((pl.col("domain") == "Drug") & (pl.col("class") != INGREDIENT)).select("concept")
    ingredients = _ingredients(cdm, products)
    others = details.select("concept", target="concept").join(ingredients, on="concept", how="anti")
    return pl.concat([ingredients, others]).sort("concept", "target")


def _ingredients(cdm: Cdm, products: pl.DataFrame) -> pl.DataFrame:
    """The ingredients of drug products: concept, target."""
    empty = pl.DataFrame(schema={"concept": pl.Int64, "target": pl.Int64})
    if products.is_empty():
        return empty
    concept = cdm.table("concept")
    ingredients = concept.filter(concept.concept_class_id == INGREDIENT).select(target=to_integer(concept.concept_id))
    if "concept_ancestor" in cdm.tables:
        table = cdm.tables["concept_ancestor"]
        pairs = table.select(
            concept=to_integer(table.descendant_concept_id), above=to_integer(table.ancestor_concept_id)
        )
        return _distinct_ingredients(_pairs_of(cdm, pairs, products), ingredients)
    if "concept_relationship" not in cdm.tables:
        return empty
    table = cdm.tables["concept_relationship"]
    table = table.filter(table.relationship_id.isin(TOWARDS_INGREDIENT) & (table.invalid_reason.fill_null("") == ""))
    steps = table.select(concept=to_integer(table.concept_id_1), above=to_integer(table.concept_id_2))
    parts, reached = [empty], products.select("concept", origin="concept")
    for _ in range(_MAX_STEPS):
        step = _pairs_of(cdm, steps, reached.select("concept").unique())
        hits = reached.join(_distinct_ingredients(step, ingredients), on="concept")
        parts.append(hits.select(concept="origin", target="target"))
        onward: pl.DataFrame = step.anti_join(ingredients, step.above == ingredients.target).to_polars()
        reached = reached.join(onward, on="concept").select("origin", concept="above").unique()
        if reached.is_empty():
            break
    return pl.concat(parts).unique()


def _pairs_of(cdm: Cdm, pairs: Any, concepts: pl.DataFrame) -> Any:
    """The pairs whose `concept` is one of `concepts`."""
    selected = cdm.local(concepts.select(wanted="concept"))
    return pairs.semi_join(selected, pairs.concept == selected.wanted)


def _distinct_ingredients(pairs: Any, ingredients: Any) -> pl.DataFrame:
    """The distinct pairs whose `above` is an ingredient: concept, target."""
    distinct: pl.DataFrame = (
        pairs.inner_join(ingredients, pairs.above == ingredients.target)
        .select("concept", "target")
        .distinct()
        .to_polars()
    )
    return distinct


def _prefix(prefixes: Mapping[str, str]) -> pl.Expr:
    def prefixes_of(values: pl.Series) -> pl.Series:
        known = [
            None if v is None else prefixes.get(v) or (canonical_prefix(v) if is_vocabulary(v) else None)
            for v in values.to_list()
        ]
        return pl.Series(values.name, known, dtype=pl.String)

    return pl.col("vocabulary").map_batches(prefixes_of, return_dtype=pl.String, is_elementwise=True)


def _reject_reason(domains: tuple[str, ...], prefixes: Mapping[str, str]) -> pl.Expr:
    """Why a concept has no term; null if it has one."""
    vocabulary = with_suggestion(
        "no prefix for this vocabulary; add one to `prefixes`", pl.col("target_vocabulary"), (*prefixes, *spellings())
    )
    return (
        pl.when(pl.col("code").is_null() & pl.col("domain").is_null())
        .then(pl.lit("not in CONCEPT"))
        .when(~pl.col("domain").is_in(domains).fill_null(False))
        .then(pl.format("not read: domain {}", pl.col("domain").fill_null("?")))
        .when(pl.col("prefix").is_null())
        .then(pl.format("{} ({})", vocabulary, pl.col("target_vocabulary").fill_null("?")))
        .when(pl.col("id").is_null())
        .then(pl.lit("not a code"))
    )
