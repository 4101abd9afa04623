"""The relationship types of the graph, and the mapping of other projects' relations to them.

The name of a type implies its direction: `(drug)-[:TREATS]->(disease)`. A negative statement has a type of its own:
`NOT_` and the name of the positive type, or CONTRAINDICATED_FOR. A query without a filter therefore never reads a
negative statement as a positive one.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from difflib import get_close_matches
from typing import NamedTuple

import polars as pl

from generel_etl.errors import DataError
from generel_etl.schema import CONCEPT_KINDS, CONDITIONS

NEGATED = "NOT_"
FAMILIES = ("variant", "identity", "hierarchy", "co_occurrence", "knowledge")
_TERMS = ("BiologicalProcess", "CellularComponent", "MolecularActivity", "Pathway")


@dataclass(frozen=True, slots=True)
class Relation:
    """One relationship type.

    `symmetric`: stored once, with the lower id first. `negative`: in training never a positive pair, but a true
    negative. `start_kinds`, `end_kinds`: the usual kinds of its endpoints, the most frequent first; not enforced.
    `family`: one of FAMILIES; decides which training tasks may use it.
    """

    type: str
    start_kinds: tuple[str, ...]
    end_kinds: tuple[str, ...]
    meaning: str
    family: str = "knowledge"
    symmetric: bool = False
    negative: bool = False


class Directed(NamedTuple):
    """The type of a source's relation, and whether to exchange start and end."""

    type: str
    swap: bool = False


BASE_RELATIONS: tuple[Relation, ...] = (
    Relation("ASSOCIATED_WITH", ("SNP",), ("Trait", "Disease", "Phenotype"), "found by a GWAS", "variant"),
    Relation("CORRELATES_WITH", ("SNP",), CONDITIONS, "measured in a cohort (PheWAS)", "variant"),
    Relation("REGULATES", ("SNP",), ("Gene",), "the allele changes the gene's expression (eQTL)", "variant"),
    Relation("IN_LD_WITH", ("SNP",), ("SNP",), "inherited together", "variant", symmetric=True),
    Relation("LOCATED_IN", ("SNP",), ("Gene",), "is within the gene", "variant"),
    Relation("NEAREST_TO", ("SNP",), ("Gene",), "the gene is the nearest on one side", "variant"),
    Relation("REPORTED_GENE", ("SNP",), ("Gene",), "a study names the gene for the SNP", "variant"),
    Relation(
        "SAME_AS", CONCEPT_KINDS, CONCEPT_KINDS, "the same meaning in two vocabularies", "identity", symmetric=True
    ),
    Relation("XREF", CONCEPT_KINDS, CONCEPT_KINDS, "cross-reference without identity", "identity", symmetric=True),
    Relation("IS_A", CONCEPT_KINDS, CONCEPT_KINDS, "the start is a kind of the end", "hierarchy"),
    Relation("PART_OF", CONCEPT_KINDS, CONCEPT_KINDS, "the start is a part of the end", "hierarchy"),
    Relation(
        "PARENT_OR_CHILD_OF",
        CONCEPT_KINDS,
        CONCEPT_KINDS,
        "one is a kind of the other; the source does not state which",
        "hierarchy",
        symmetric=True,
    ),
    Relation(
        "CO_OCCURS_WITH",
        (*CONDITIONS, "Drug"),
        (*CONDITIONS, "Drug"),
        "seen together in patients or texts",
        "co_occurrence",
        symmetric=True,
    ),
    Relation("TREATS", ("Drug",), CONDITIONS, "is indicated for"),
    Relation("USED_OFF_LABEL_FOR", ("Drug",), CONDITIONS, "is used for without an approved indication"),
    Relation("TESTED_FOR", ("Drug",), CONDITIONS, "is or was in trials for"),
    Relation("PALLIATES", ("Drug",), CONDITIONS, "eases the symptoms of"),
    Relation("PREVENTS", ("Drug",), CONDITIONS, "lowers the risk of"),
    Relation("CONTRAINDICATED_FOR", ("Drug",), CONDITIONS, "must not be given with", negative=True),
    Relation("HAS_SIDE_EFFECT", ("Drug",), ("Phenotype", "Disease"), "causes as a side effect"),
    Relation("TARGETS", ("Drug",), ("Gene",), "acts through the gene's product"),
    Relation("HAS_ENZYME", ("Drug",), ("Gene",), "is metabolised by, inhibits or induces the enzyme"),
    Relation("HAS_TRANSPORTER", ("Drug",), ("Gene",), "is transported through membranes by"),
    Relation("HAS_CARRIER", ("Drug",), ("Gene",), "is carried in blood by"),
    Relation("BINDS", ("Drug",), ("Gene",), "binds the gene's product"),
    Relation("UPREGULATES", ("Drug",), ("Gene",), "raises the expression of"),
    Relation("DOWNREGULATES", ("Drug",), ("Gene",), "lowers the expression of"),
    Relation("IN_CLASS", ("Drug",), ("DrugClass",), "belongs to the class"),
    Relation("HAS_PHENOTYPE", ("Disease",), ("Phenotype",), "presents with"),
    Relation("LOCALIZES_TO", ("Disease",), ("AnatomicalEntity",), "affects the organ or tissue"),
    Relation("GENE_ASSOCIATED_WITH", ("Gene",), ("Disease", "Phenotype", "Trait"), "is associated with"),
    Relation("UPREGULATED_IN", ("Gene",), ("AnatomicalEntity", "Disease"), "is expressed more than elsewhere"),
    Relation("DOWNREGULATED_IN", ("Gene",), ("AnatomicalEntity", "Disease"), "is expressed less than elsewhere"),
    Relation("EXPRESSED_IN", ("Gene",), ("AnatomicalEntity",), "is expressed in"),
    Relation("PARTICIPATES_IN", ("Gene",), _TERMS, "its product takes part in, acts as, or is located in"),
    Relation("REGULATES_GENE", ("Gene",), ("Gene",), "changes the expression of the other gene"),
    Relation("COVARIES_WITH", ("Gene",), ("Gene",), "evolved at similar rates", symmetric=True),
    Relation("INTERACTS_WITH", ("Gene", "Drug"), ("Gene", "Drug"), "interacts with", symmetric=True),
    Relation("COEXPRESSED_WITH", ("Gene",), ("Gene",), "is expressed together with", symmetric=True),
    Relation("RESEMBLES", ("Drug", "Disease"), ("Drug", "Disease"), "is similar to", symmetric=True),
    Relation("CAUSES", CONCEPT_KINDS, CONDITIONS, "causes or contributes to"),
    Relation("AFFECTS", CONCEPT_KINDS, CONCEPT_KINDS, "changes in an unspecified direction"),
    Relation("LOCATED_AT", CONCEPT_KINDS, ("AnatomicalEntity", "CellularComponent"), "is at the location"),
    Relation("RELATED_TO", CONCEPT_KINDS, CONCEPT_KINDS, "has an unspecified relation to", symmetric=True),
)

# Families with negative types; the negative of an identity, hierarchy or co-occurrence is not recorded.
_FAMILIES_WITH_NEGATIVES = ("variant", "knowledge")

RELATIONS: dict[str, Relation] = {relation.type: relation for relation in BASE_RELATIONS} | {
    NEGATED + r.type: Relation(
        NEGATED + r.type,
        r.start_kinds,
        r.end_kinds,
        f"stated not to hold: {r.meaning}",
        r.family,
        r.symmetric,
        negative=True,
    )
    for r in BASE_RELATIONS
    if r.family in _FAMILIES_WITH_NEGATIVES and not r.negative
}
SYMMETRIC: frozenset[str] = frozenset(r.type for r in RELATIONS.values() if r.symmetric)
NEGATIVE: frozenset[str] = frozenset(r.type for r in RELATIONS.values() if r.negative)
KNOWLEDGE: tuple[str, ...] = tuple(r.type for r in BASE_RELATIONS if r.family == "knowledge" and not r.negative)
SNP_GENE: tuple[str, ...] = ("LOCATED_IN", "NEAREST_TO", "REPORTED_GENE")  # by position, or as a study reports

# Hetionet 1.0: an abbreviation consists of start kind, verb and end kind.
METAEDGES: dict[str, Directed] = {
    "AdG": Directed("DOWNREGULATED_IN", swap=True),
    "AeG": Directed("EXPRESSED_IN", swap=True),
    "AuG": Directed("UPREGULATED_IN", swap=True),
    "CbG": Directed("BINDS"),
    "CcSE": Directed("HAS_SIDE_EFFECT"),
    "CdG": Directed("DOWNREGULATES"),
    "CpD": Directed("PALLIATES"),
    "CrC": Directed("RESEMBLES"),
    "CtD": Directed("TREATS"),
    "CuG": Directed("UPREGULATES"),
    "DaG": Directed("GENE_ASSOCIATED_WITH", swap=True),
    "DdG": Directed("DOWNREGULATED_IN", swap=True),
    "DlA": Directed("LOCALIZES_TO"),
    "DpS": Directed("HAS_PHENOTYPE"),
    "DrD": Directed("RESEMBLES"),
    "DuG": Directed("UPREGULATED_IN", swap=True),
    "GcG": Directed("COVARIES_WITH"),
    "GiG": Directed("INTERACTS_WITH"),
    "GpBP": Directed("PARTICIPATES_IN"),
    "GpCC": Directed("PARTICIPATES_IN"),
    "GpMF": Directed("PARTICIPATES_IN"),
    "GpPW": Directed("PARTICIPATES_IN"),
    "Gr>G": Directed("REGULATES_GENE"),
    "PCiC": Directed("IN_CLASS", swap=True),
}

# PrimeKG: (relation, display_relation; "" for any) to the type and the x_type of its start.
# The file has each relation in both directions, so the type of the start maps both rows to one edge. If both sides
# have the same type, the direction is lost and the relationship type is symmetric ("").
PRIMEKG: dict[tuple[str, str], tuple[str, str]] = {
    ("drug_protein", "target"): ("TARGETS", "drug"),
    ("drug_protein", "enzyme"): ("HAS_ENZYME", "drug"),
    ("drug_protein", "transporter"): ("HAS_TRANSPORTER", "drug"),
    ("drug_protein", "carrier"): ("HAS_CARRIER", "drug"),
    ("indication", ""): ("TREATS", "drug"),
    ("contraindication", ""): ("CONTRAINDICATED_FOR", "drug"),
    ("off-label use", ""): ("USED_OFF_LABEL_FOR", "drug"),
    ("drug_effect", ""): ("HAS_SIDE_EFFECT", "drug"),
    ("drug_drug", ""): ("INTERACTS_WITH", ""),
    ("protein_protein", ""): ("INTERACTS_WITH", ""),
    ("disease_protein", ""): ("GENE_ASSOCIATED_WITH", "gene/protein"),
    ("phenotype_protein", ""): ("GENE_ASSOCIATED_WITH", "gene/protein"),
    ("disease_phenotype_positive", ""): ("HAS_PHENOTYPE", "disease"),
    ("disease_phenotype_negative", ""): ("NOT_HAS_PHENOTYPE", "disease"),
    ("anatomy_protein_present", ""): ("EXPRESSED_IN", "gene/protein"),
    ("anatomy_protein_absent", ""): ("NOT_EXPRESSED_IN", "gene/protein"),
    ("bioprocess_protein", ""): ("PARTICIPATES_IN", "gene/protein"),
    ("molfunc_protein", ""): ("PARTICIPATES_IN", "gene/protein"),
    ("cellcomp_protein", ""): ("PARTICIPATES_IN", "gene/protein"),
    ("pathway_protein", ""): ("PARTICIPATES_IN", "gene/protein"),
    ("exposure_disease", ""): ("AFFECTS", "exposure"),
    ("exposure_protein", ""): ("AFFECTS", "exposure"),
    ("exposure_bioprocess", ""): ("AFFECTS", "exposure"),
    ("exposure_molfunc", ""): ("AFFECTS", "exposure"),
    ("exposure_cellcomp", ""): ("AFFECTS", "exposure"),
    ("phenotype_phenotype", ""): ("PARENT_OR_CHILD_OF", ""),
    ("disease_disease", ""): ("PARENT_OR_CHILD_OF", ""),
    ("bioprocess_bioprocess", ""): ("PARENT_OR_CHILD_OF", ""),
    ("molfunc_molfunc", ""): ("PARENT_OR_CHILD_OF", ""),
    ("cellcomp_cellcomp", ""): ("PARENT_OR_CHILD_OF", ""),
    ("anatomy_anatomy", ""): ("PARENT_OR_CHILD_OF", ""),
    ("pathway_pathway", ""): ("PARENT_OR_CHILD_OF", ""),
    ("exposure_exposure", ""): ("PARENT_OR_CHILD_OF", ""),
}

# Biolink predicates (snake case, without the prefix) other than the lower-case names of types.
PREDICATES: dict[str, Directed] = {
    "treats_or_applied_or_studied_to_treat": Directed("TREATS"),
    "applied_to_treat": Directed("USED_OFF_LABEL_FOR"),
    "in_clinical_trials_for": Directed("TESTED_FOR"),
    "studied_to_treat": Directed("TESTED_FOR"),
    "treated_by": Directed("TREATS", swap=True),
    "indicated_for": Directed("TREATS"),
    "ameliorates_condition": Directed("PALLIATES"),
    "ameliorates": Directed("PALLIATES"),
    "preventative_for_condition": Directed("PREVENTS"),
    "contraindicated_in": Directed("CONTRAINDICATED_FOR"),
    "contraindicated_for": Directed("CONTRAINDICATED_FOR"),
    "has_contraindication": Directed("CONTRAINDICATED_FOR", swap=True),
    "has_adverse_event": Directed("HAS_SIDE_EFFECT"),
    "adverse_event_of": Directed("HAS_SIDE_EFFECT", swap=True),
    "side_effect_of": Directed("HAS_SIDE_EFFECT", swap=True),
    "has_target": Directed("TARGETS"),
    "target_of": Directed("TARGETS", swap=True),
    "metabolized_by": Directed("HAS_ENZYME"),
    "transported_by": Directed("HAS_TRANSPORTER"),
    "carried_by": Directed("HAS_CARRIER"),
    "directly_physically_interacts_with": Directed("BINDS"),
    "physically_interacts_with": Directed("INTERACTS_WITH"),
    "genetically_interacts_with": Directed("INTERACTS_WITH"),
    "phenotype_of": Directed("HAS_PHENOTYPE", swap=True),
    "presents": Directed("HAS_PHENOTYPE"),
    "disease_has_location": Directed("LOCALIZES_TO"),
    "location_of_disease": Directed("LOCALIZES_TO", swap=True),
    "gene_associated_with_condition": Directed("GENE_ASSOCIATED_WITH"),
    "condition_associated_with_gene": Directed("GENE_ASSOCIATED_WITH", swap=True),
    "genetically_associated_with": Directed("GENE_ASSOCIATED_WITH"),
    "genetic_association": Directed("ASSOCIATED_WITH"),
    "expresses": Directed("EXPRESSED_IN", swap=True),
    "actively_involved_in": Directed("PARTICIPATES_IN"),
    "involved_in": Directed("PARTICIPATES_IN"),
    "enables": Directed("PARTICIPATES_IN"),
    "active_in": Directed("PARTICIPATES_IN"),
    "has_participant": Directed("PARTICIPATES_IN", swap=True),
    "coexpressed_with": Directed("COEXPRESSED_WITH"),
    "similar_to": Directed("RESEMBLES"),
    "chemically_similar_to": Directed("RESEMBLES"),
    "caused_by": Directed("CAUSES", swap=True),
    "contributes_to": Directed("CAUSES"),
    "affected_by": Directed("AFFECTS", swap=True),
    "located_in": Directed("LOCATED_AT"),
    "location_of": Directed("LOCATED_AT", swap=True),
    "member_of": Directed("PART_OF"),
    "has_part": Directed("PART_OF", swap=True),
    "subclass_of": Directed("IS_A"),
    "superclass_of": Directed("IS_A", swap=True),
    "has_subclass": Directed("IS_A", swap=True),
    "exact_match": Directed("SAME_AS"),
    "close_match": Directed("XREF"),
    "broad_match": Directed("XREF"),
    "narrow_match": Directed("XREF"),
    "related_match": Directed("XREF"),
    "correlated_with": Directed("CO_OCCURS_WITH"),
    "occurs_together_in_literature_with": Directed("CO_OCCURS_WITH"),
    "in_linkage_disequilibrium_with": Directed("IN_LD_WITH"),
    "is_sequence_variant_of": Directed("LOCATED_IN"),
    "is_nearby_variant_of": Directed("NEAREST_TO"),
}

# RELA of the UMLS Metathesaurus in pairs of inverses, read between two concepts: A may_treat B, B may_be_treated_by
# A. The first of a pair has the direction of our type.
RELAS: tuple[tuple[str, str, str], ...] = (
    ("isa", "inverse_isa", "IS_A"),
    ("part_of", "has_part", "PART_OF"),
    ("member_of", "has_member", "PART_OF"),
    ("ingredient_of", "has_ingredient", "PART_OF"),
    ("may_treat", "may_be_treated_by", "TREATS"),
    ("may_prevent", "may_be_prevented_by", "PREVENTS"),
    ("contraindicated_with_disease", "has_contraindicated_drug", "CONTRAINDICATED_FOR"),
    ("has_finding_site", "finding_site_of", "LOCALIZES_TO"),
    ("disease_has_primary_anatomic_site", "is_primary_anatomic_site_of_disease", "LOCALIZES_TO"),
    ("has_location", "location_of", "LOCATED_AT"),
    ("has_manifestation", "manifestation_of", "HAS_PHENOTYPE"),
    ("disease_has_finding", "is_finding_of_disease", "HAS_PHENOTYPE"),
    ("causative_agent_of", "has_causative_agent", "CAUSES"),
    ("cause_of", "due_to", "CAUSES"),
    ("induces", "induced_by", "CAUSES"),
    ("gene_associated_with_disease", "disease_has_associated_gene", "GENE_ASSOCIATED_WITH"),
    ("gene_plays_role_in_process", "process_involves_gene", "PARTICIPATES_IN"),
    ("associated_with", "associated_with", "RELATED_TO"),
)


def from_predicate(predicate: str, *, negated: bool = False, where: object = "") -> Directed:
    """Map a Biolink predicate, or the name of a type in any case, to (type, swap).

    `biolink:treats`, `treats`, `is a` and `TREATS` are valid. The name of a type in capitals has precedence over a
    predicate of the same letters (`LOCATED_IN` is the type for SNPs, `located_in` is Biolink's predicate).
    `negated`: return the negative type. Raises DataError, with the nearest valid predicate, if the predicate is
    unknown or has no negative type.
    """
    text = predicate.strip().split(":")[-1].replace(" ", "_").replace("-", "_")
    directed = Directed(text) if text in RELATIONS else PREDICATES.get(text.lower())
    if directed is None and text.upper() in RELATIONS:
        directed = Directed(text.upper())
    if directed is None:
        raise DataError(
            "unknown predicate",
            where=where,
            found=predicate,
            valid=sorted({*PREDICATES, *(name.lower() for name in RELATIONS)}),
            next_step="correct it, or add it to generel_etl/relations.py",
        )
    return Directed(negative_of(directed.type, where), directed.swap) if negated else directed


def from_rela(rela: str) -> tuple[Directed, str] | None:
    """Map a RELA of the UMLS Metathesaurus to (type, swap) and the name of its forward form; None if unknown.

    Only RELAS and PREDICATES are used, never the names of types: a vocabulary's `regulates` is not an eQTL.
    """
    for forward, inverse, type_ in RELAS:
        if rela in (forward, inverse):
            return Directed(type_, swap=rela != forward), forward
    directed = PREDICATES.get(rela)
    return (directed, directed.type.lower()) if directed else None


def negative_of(type_: str, where: object = "") -> str:
    """The negative type of `type_`; raises DataError if there is none."""
    if NEGATED + type_ in RELATIONS:
        return NEGATED + type_
    raise DataError("this relation has no negative type", where=where, found=type_, valid=sorted(NEGATIVE))


def with_suggestion(reason: str, text: pl.Expr, valid: Iterable[str]) -> pl.Expr:
    """The reason of a reject: `reason`, and the valid text most similar to `text`, if any is similar."""
    candidates = list(dict.fromkeys(valid))

    def explain(values: pl.Series) -> pl.Series:
        texts = values.unique().drop_nulls()
        matches = [get_close_matches(text, candidates, n=1, cutoff=0.5) for text in texts.to_list()]
        reasons = [f"{reason}; did you mean {match[0]!r}?" if match else reason for match in matches]
        return values.replace_strict(texts, pl.Series(reasons, dtype=pl.String), default=reason, return_dtype=pl.String)

    return text.map_batches(explain, return_dtype=pl.String)
