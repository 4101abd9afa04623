"""Concepts of the OMOP vocabularies as ours: CURIE, kind, name; drugs by their ingredients."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import polars as pl

from generel_etl.identifiers import canonical_prefix, curie, is_vocabulary, spellings
from generel_etl.readers.omop.cdm import Cdm, number
from generel_etl.relations import with_suggestion

KINDS = {"Condition": "Disease", "Drug": "Drug", "Measurement": "Phenotype", "Observation": "Phenotype"}
INGREDIENT = "Ingredient"
NOT_ROLLED_UP = "not_rolled_up"  # the flag of edges with a drug that is no ingredient
# From a drug product towards its ingredients, where CONCEPT_ANCESTOR is not there to say so at once.
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
_STEPS = 6  # a marketed box of a branded pack is that far from its ingredients


@dataclass(frozen=True, slots=True)
class ConceptTerms:
    """What the concepts of a database are here.

    `terms`: term (a number), id, kind, name, rolled_up (false: a drug that is no ingredient). `links`: concept, term;
    a drug of several ingredients has several. `refused`: concept, reason, of concepts that nothing can be made of.
    """

    terms: pl.DataFrame
    links: pl.DataFrame
    refused: pl.DataFrame


def name_concepts(cdm: Cdm, used: pl.DataFrame, domains: Iterable[str], prefixes: Mapping[str, str]) -> ConceptTerms:
    """Make terms of the concepts that records use. `used`: concept; `prefixes`: vocabulary_id → prefix, beside ours."""
    about = _about(cdm, used)
    targets = _targets(cdm, about)
    every = pl.concat([about, _about(cdm, targets.select(concept="target").join(about, on="concept", how="anti"))])
    every = every.with_columns(_prefix(prefixes).alias("prefix")).with_columns(
        curie(pl.concat_str("prefix", pl.lit(":"), "code")).alias("id")
    )
    ours = used.join(about, on="concept", how="left").join(targets, on="concept", how="left")
    ours = ours.join(every.select("prefix", "id", target="concept", of="vocabulary"), on="target", how="left")
    reason = _reason(tuple(domains), prefixes)
    ours = ours.with_columns(reason.alias("reason"))
    good = ours.filter(pl.col("reason").is_null())
    named = (
        good.select("target", "id")
        .unique()
        .join(every.select("name", "domain", "class", target="concept"), on="target")
        .sort("id", "target")
        .unique("id", keep="first", maintain_order=True)
    )
    terms = named.with_row_index("term").select(
        pl.col("term").cast(pl.Int64),
        "id",
        pl.col("domain").replace_strict(KINDS, return_dtype=pl.String).alias("kind"),
        "name",
        ((pl.col("domain") != "Drug") | (pl.col("class") == INGREDIENT).fill_null(False)).alias("rolled_up"),
    )
    return ConceptTerms(
        terms,
        good.join(terms.select("id", "term"), on="id").select("concept", "term").unique().sort("concept", "term"),
        ours.filter(pl.col("reason").is_not_null()).select("concept", "reason").unique("concept").sort("concept"),
    )


def _about(cdm: Cdm, wanted: pl.DataFrame) -> pl.DataFrame:
    """What CONCEPT says of some concepts: concept, name, domain, vocabulary, class, code."""
    table, few = cdm.table("concept"), cdm.local(wanted.select(pl.col("concept").alias("asked")))
    texts = {"name": "concept_name", "domain": "domain_id", "vocabulary": "vocabulary_id", "class": "concept_class_id"}
    known = table.select(
        concept=number(table.concept_id),
        code=table.concept_code.cast("string"),
        **{ours: table[theirs].cast("string") for ours, theirs in texts.items()},
    )
    found: pl.DataFrame = known.semi_join(few, known.concept == few.asked).select("concept", *texts, "code").to_polars()
    return found.unique("concept", keep="first").sort("concept")


def _targets(cdm: Cdm, about: pl.DataFrame) -> pl.DataFrame:
    """The concepts that each stands for (concept, target): a drug's ingredients where they are known, else itself."""
    products = about.filter((pl.col("domain") == "Drug") & (pl.col("class") != INGREDIENT)).select("concept")
    found = _ingredients(cdm, products)
    rest = about.select("concept", target="concept").join(found, on="concept", how="anti")
    return pl.concat([found, rest]).sort("concept", "target")


def _ingredients(cdm: Cdm, products: pl.DataFrame) -> pl.DataFrame:
    """Ingredients of drug products: concept, target."""
    nothing = pl.DataFrame(schema={"concept": pl.Int64, "target": pl.Int64})
    if products.is_empty():
        return nothing
    concept = cdm.table("concept")
    ingredients = concept.filter(concept.concept_class_id == INGREDIENT).select(target=number(concept.concept_id))
    if "concept_ancestor" in cdm.tables:
        table = cdm.tables["concept_ancestor"]
        pairs = table.select(concept=number(table.descendant_concept_id), above=number(table.ancestor_concept_id))
        return _distinct(_of(cdm, pairs, products), ingredients)
    if "concept_relationship" not in cdm.tables:
        return nothing
    table = cdm.tables["concept_relationship"]
    table = table.filter(table.relationship_id.isin(TOWARDS_INGREDIENT) & (table.invalid_reason.fill_null("") == ""))
    steps = table.select(concept=number(table.concept_id_1), above=number(table.concept_id_2))
    parts, at = [nothing], products.select("concept", origin="concept")
    for _ in range(_STEPS):
        step = _of(cdm, steps, at.select("concept").unique())
        reached = at.join(_distinct(step, ingredients), on="concept").select(concept="origin", target="target")
        parts.append(reached)
        onward: pl.DataFrame = step.anti_join(ingredients, step.above == ingredients.target).to_polars()
        at = at.join(onward, on="concept").select("origin", concept="above").unique()
        if at.is_empty():
            break
    return pl.concat(parts).unique()


def _of(cdm: Cdm, pairs: Any, some: pl.DataFrame) -> Any:
    few = cdm.local(some.select(asked="concept"))
    return pairs.semi_join(few, pairs.concept == few.asked)


def _distinct(pairs: Any, ingredients: Any) -> pl.DataFrame:
    found: pl.DataFrame = (
        pairs.inner_join(ingredients, pairs.above == ingredients.target)
        .select("concept", "target")
        .distinct()
        .to_polars()
    )
    return found


def _prefix(prefixes: Mapping[str, str]) -> pl.Expr:
    def spell(values: pl.Series) -> pl.Series:
        known = [
            None if v is None else prefixes.get(v) or (canonical_prefix(v) if is_vocabulary(v) else None)
            for v in values.to_list()
        ]
        return pl.Series(values.name, known, dtype=pl.String)

    return pl.col("vocabulary").map_batches(spell, return_dtype=pl.String, is_elementwise=True)


def _reason(domains: tuple[str, ...], prefixes: Mapping[str, str]) -> pl.Expr:
    """Why nothing can be made of a concept; null where something can."""
    vocabulary = with_suggestion(
        "no prefix for its vocabulary; `prefixes` gives one", pl.col("of"), (*prefixes, *spellings())
    )
    return (
        pl.when(pl.col("code").is_null() & pl.col("domain").is_null())
        .then(pl.lit("not in CONCEPT"))
        .when(~pl.col("domain").is_in(domains).fill_null(False))
        .then(pl.format("of the domain {}, which is not read", pl.col("domain").fill_null("?")))
        .when(pl.col("prefix").is_null())
        .then(pl.format("{} ({})", vocabulary, pl.col("of").fill_null("?")))
        .when(pl.col("id").is_null())
        .then(pl.lit("not a code"))
    )
