"""Which kind a term of an OBO file is: by its vocabulary, its root or namespace, or its partner elsewhere."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from generel_etl.identifiers import kind_of, prefix_of

# The roots that give a kind; a term under several takes the first.
ROOTS: Mapping[str, Mapping[str, str]] = {
    "EFO": {"EFO:0000408": "Disease", "EFO:0001444": "Trait"},
    "GO": {
        "GO:0008150": "BiologicalProcess",
        "GO:0003674": "MolecularActivity",
        "GO:0005575": "CellularComponent",
    },
}
NAMESPACES: Mapping[str, str] = {
    "biological_process": "BiologicalProcess",
    "molecular_function": "MolecularActivity",
    "cellular_component": "CellularComponent",
    "disease_ontology": "Disease",
    "human_phenotype": "Phenotype",
}
PARTNERS = ("MONDO", "DOID")  # an EFO term outside the roots has the kind of its one partner there


@dataclass(frozen=True, slots=True)
class Shape:
    """What the kinds of a file's terms hang on; ids are normalised."""

    parents: Mapping[str, Sequence[str]]  # id → ids
    namespaces: Mapping[str, str]  # id → namespace
    xrefs: Mapping[str, Sequence[str]]  # id → ids


def kinds_of(shape: Shape, rules: Mapping[str, str], everything: str = "") -> dict[str, tuple[str, bool]]:
    """The kind of each term, and whether it stands under a root (or its vocabulary has no roots).

    `rules` are the configuration's own: prefix, namespace or root id → kind; they come first, but for
    `everything`, a kind for all terms. A term without any hint is a Concept.
    """
    roots = {root: kind for group in ROOTS.values() for root, kind in group.items()}
    roots = {r: k for r, k in rules.items() if ":" in r} | {r: k for r, k in roots.items() if r not in rules}
    under = {root: _below(root, shape.parents) for root in roots}
    partners = _partners(shape.xrefs)
    kinds = {}
    for term in shape.parents:
        prefix = prefix_of(term)
        root = next((r for r in roots if term in under[r]), None)
        namespace = shape.namespaces.get(term, "")
        named = rules.get(namespace) or rules.get(prefix) or NAMESPACES.get(namespace)
        inside = root is not None or bool(named) or prefix not in ROOTS or prefix == "GO"
        if everything:
            kind, inside = everything, True
        elif root is not None:
            kind = roots[root]
        elif named:
            kind = named
        elif term in partners:
            kind, inside = partners[term], True
        else:
            kind = kind_of(term) or "Concept"
        kinds[term] = (kind, inside)
    return kinds


def _below(root: str, parents: Mapping[str, Sequence[str]]) -> set[str]:
    """A root and all its descendants."""
    children: dict[str, list[str]] = {}
    for child, above in parents.items():
        for parent in above:
            children.setdefault(parent, []).append(child)
    found, open_ = {root}, [root]
    while open_:
        for child in children.get(open_.pop(), ()):
            if child not in found:
                found.add(child)
                open_.append(child)
    return found


def _partners(xrefs: Mapping[str, Sequence[str]]) -> dict[str, str]:
    """EFO terms with exactly one cross-reference to a vocabulary of PARTNERS, which no other term shares."""
    kinds = {}
    for vocabulary in reversed(PARTNERS):
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
