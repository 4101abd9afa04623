"""Kinds and relationship types as Biolink classes and predicates (https://w3id.org/biolink/biolink-model, 4.4)."""

from __future__ import annotations

from typing import NamedTuple

from generel_etl.identifiers import normalise_rsid, prefix_of
from generel_etl.relations import NEGATED

CATEGORIES = {
    "SNP": "SequenceVariant",
    "Disease": "Disease",
    "Phenotype": "PhenotypicFeature",
    "Trait": "PhenotypicFeature",  # which has "trait" among its aliases
    "Gene": "Gene",
    "Drug": "Drug",
    "DrugClass": "ChemicalEntity",
    "Pathway": "Pathway",
    "BiologicalProcess": "BiologicalProcess",
    "CellularComponent": "CellularComponent",
    "MolecularActivity": "MolecularActivity",
    "AnatomicalEntity": "AnatomicalEntity",
    "Concept": "NamedThing",
}
PREFIXES = {  # that Biolink spells differently
    "ORPHA": "ORDO",
    "REACTOME": "REACT",
    "UNIPROT": "UniProtKB",
    "RXNORM": "RXCUI",
    "OMIMPS": "OMIM.PS",
    "CHEMBL": "CHEMBL.COMPOUND",
    "PUBCHEM": "PUBCHEM.COMPOUND",
    "ICD10CM": "ICD10",
    "ICD9CM": "ICD9",
}
# Knowledge level and agent type.
STATISTICS, STATED = ("statistical_association", "data_analysis_pipeline"), ("knowledge_assertion", "not_provided")


class Statement(NamedTuple):
    """A relationship type in Biolink's terms."""

    predicate: str
    knowledge_level: str
    agent_type: str
    negated: bool


PREDICATES: dict[str, tuple[str, tuple[str, str]]] = {
    "ASSOCIATED_WITH": ("associated_with", STATISTICS),
    "CORRELATES_WITH": ("correlated_with", STATISTICS),
    "REGULATES": ("affects", STATISTICS),
    "IN_LD_WITH": ("in_linkage_disequilibrium_with", STATISTICS),
    "LOCATED_IN": ("is_sequence_variant_of", STATED),
    "NEAREST_TO": ("is_nearby_variant_of", STATED),
    "REPORTED_GENE": ("related_to", STATED),
    "SAME_AS": ("same_as", STATED),
    "XREF": ("close_match", STATED),
    "IS_A": ("subclass_of", STATED),
    "PART_OF": ("part_of", STATED),
    "PARENT_OR_CHILD_OF": ("related_to_at_concept_level", STATED),
    "CO_OCCURS_WITH": ("correlated_with", STATISTICS),
    "TREATS": ("treats", STATED),
    "USED_OFF_LABEL_FOR": ("applied_to_treat", STATED),
    "TESTED_FOR": ("in_clinical_trials_for", STATED),
    "PALLIATES": ("ameliorates_condition", STATED),
    "PREVENTS": ("preventative_for_condition", STATED),
    "CONTRAINDICATED_FOR": ("contraindicated_in", STATED),
    "HAS_SIDE_EFFECT": ("has_side_effect", STATED),
    "TARGETS": ("affects", STATED),
    "HAS_ENZYME": ("interacts_with", STATED),
    "HAS_TRANSPORTER": ("interacts_with", STATED),
    "HAS_CARRIER": ("interacts_with", STATED),
    "BINDS": ("directly_physically_interacts_with", STATED),
    "UPREGULATES": ("affects", STATED),
    "DOWNREGULATES": ("affects", STATED),
    "IN_CLASS": ("member_of", STATED),
    "HAS_PHENOTYPE": ("has_phenotype", STATED),
    "LOCALIZES_TO": ("disease_has_location", STATED),
    "GENE_ASSOCIATED_WITH": ("gene_associated_with_condition", STATED),
    "UPREGULATED_IN": ("expressed_in", STATED),
    "DOWNREGULATED_IN": ("related_to", STATED),
    "EXPRESSED_IN": ("expressed_in", STATED),
    "PARTICIPATES_IN": ("participates_in", STATED),
    "REGULATES_GENE": ("regulates", STATED),
    "COVARIES_WITH": ("correlated_with", STATISTICS),
    "INTERACTS_WITH": ("interacts_with", STATED),
    "COEXPRESSED_WITH": ("coexpressed_with", STATISTICS),
    "RESEMBLES": ("similar_to", STATED),
    "CAUSES": ("causes", STATED),
    "AFFECTS": ("affects", STATED),
    "LOCATED_AT": ("located_in", STATED),
    "RELATED_TO": ("related_to", STATED),
}
UNKNOWN = ("related_to", ("not_provided", "not_provided"))  # of a type that a user's table defines


def statement(type_: str) -> Statement:
    """The Biolink statement of a relationship type; negated for a NOT_ type."""
    predicate, (level, agent) = PREDICATES.get(type_.removeprefix(NEGATED), UNKNOWN)
    return Statement(f"biolink:{predicate}", level, agent, type_.startswith(NEGATED))


def category(kind: str) -> str:
    """The Biolink class of a kind, as "biolink:Disease"."""
    return f"biolink:{CATEGORIES.get(kind, 'NamedThing')}"


def curie(id_: str) -> str:
    """A node's id with Biolink's prefix, as "DBSNP:rs2476601" or "ORDO:558"."""
    if normalise_rsid(id_):
        return f"DBSNP:{id_}"
    prefix = prefix_of(id_)
    return PREFIXES.get(prefix, prefix) + id_.removeprefix(prefix)


def infores(source: str) -> str:
    """The information resource of a configured source, as "infores:gwas-catalog"."""
    return "infores:" + "-".join("".join(c if c.isalnum() else " " for c in source.lower()).split())
