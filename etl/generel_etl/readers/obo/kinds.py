"""The kind of an OBO term: from its vocabulary, its root, its namespace, or an equivalent term."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from generel_etl.identifiers import kind_of, prefix_of

# Root terms that give a kind to their descendants; a term below several roots has the first one's kind.
ROOT_KINDS: Mapping[str, Mapping[str, str]] = {
    "EFO": {"EFO:0000408": "Disease", "EFO:0001444": "Trait"},
    "GO": {
        "GO:0008150": "BiologicalProcess",
        "GO:0003674": "MolecularActivity",
        "GO:0005575": "CellularComponent",
    },
}
NAMESPACE_KINDS: Mapping[str, str] = {
    "biological_process": "BiologicalProcess",
    "molecular_function": "MolecularActivity",
    "cellular_component": "CellularComponent",
    "disease_ontology": "Disease",
    "human_phenotype": "Phenotype",
}
PARTNER_VOCABULARIES = ("MONDO", "DOID")  # an EFO term outside the roots has the kind of its only match there


@dataclass(frozen=True, slots=True)
class TermRelations:
    """The relations of a file's terms that determine their kinds; ids are normalised."""

    parents: Mapping[str, Sequence[str]]  # id → ids
    namespaces: Mapping[str, str]  # id → namespace
    xrefs: Mapping[str, Sequence[str]]  # id → ids


def kinds_of(relations: TermRelations, rules: Mapping[str, str], kind_of_all: str = "") -> dict[str, tuple[str, bool]]:
    """The kind of each term, and whether it is below a root (always true if its vocabulary has no roots).

    `rules`: prefix, namespace or root id → kind, from the configuration; they take precedence over the built-in rules.
    `kind_of_all`: one kind for all terms, which takes precedence over everything. A term without a rule is a Concept.
    """
    roots = {root: kind for group in ROOT_KINDS.values() for root, kind in group.items()}
    roots = {r: k for r, k in rules.items() if ":" in r} | {r: k for r, k in roots.items() if r not in rules}
    descendants = {root: _descendants(root, relations.parents) for root in roots}
    partners = _partner_kinds(relations.xrefs)
    kinds = {}
    for term in relations.parents:
        prefix = prefix_of(term)
        root = next((r for r in roots if term in descendants[r]), None)
        namespace = relations.namespaces.get(term, "")
        ruled = rules.get(namespace) or rules.get(prefix) or NAMESPACE_KINDS.get(namespace)
        below_root = root is not None or bool(ruled) or prefix not in ROOT_KINDS or prefix == "GO"
        if kind_of_all:
            kind, below_root = kind_of_all, True
        elif root is not None:
            kind = roots[root]
        elif ruled:
            kind = ruled
        elif term in partners:
            kind, below_root = partners[term], True
        else:
            kind = kind_of(term) or "Concept"
        kinds[term] = (kind, below_root)
    return kinds


def _descendants(root: str, parents: Mapping[str, Sequence[str]]) -> set[str]:
    """A root and all its descendants."""
    children: dict[str, list[str]] = {}
    for child, child_parents in parents.items():
        for parent in child_parents:
            children.setdefault(parent, []).append(child)
    terms, pending = {root}, [root]
    while pending:
        for child in children.get(pending.pop(), ()):
            if child not in terms:
                terms.add(child)
                pending.append(child)
    return terms


def _partner_kinds(xrefs: Mapping[str, Sequence[str]]) -> dict[str, str]:
    """The kinds of EFO terms with exactly one cross-reference to a partner vocabulary that no other term has too."""
    kinds = {}
    for vocabulary in reversed(PARTNER_VOCABULARIES):
        pairs = [
            (t, x) for t, ids in xrefs.items() if t.startswith("EFO:") for x in set(ids) if prefix_of(x) == vocabulary
        ]
        terms, others = ([p[i] for p in pairs] for i in (0, 1))
        counts: dict[str, int] = {}
        for one in (*terms, *others):
            counts[one] = counts.get(one, 0) + 1
        for term, other in pairs:
            if counts[term] == counts[other] == 1:
                kinds[term] = kind_of(other) or "Concept"
    return kinds
