"""Summary sentences of the direct evidence: what it states, whether studies agree, and contradictions."""

from __future__ import annotations

from collections.abc import Sequence

from generel_etl.relations import NEGATED, NEGATIVE, RELATIONS
from generel_graph.ask.explain.evidence import LOWERS, RAISES, Evidence

STUDY_TYPES = (("ASSOCIATED_WITH", "CORRELATES_WITH"), ("REGULATES",))  # types whose directions are compared
BENEFICIAL = ("TREATS", "USED_OFF_LABEL_FOR", "PALLIATES", "PREVENTS", "TESTED_FOR")
OPPOSED = (  # types that exclude each other, in addition to X and NOT_X
    *((helps, "CONTRAINDICATED_FOR") for helps in BENEFICIAL),
    ("UPREGULATES", "DOWNREGULATES"),
    ("UPREGULATED_IN", "DOWNREGULATED_IN"),
)
SHOWN = 4  # studies or sources named in a sentence


def summary(edges: Sequence[Evidence]) -> tuple[str, ...]:
    """One sentence per group of relationship types."""
    types = list(dict.fromkeys(edge.type for edge in edges))
    compared = [group for group in STUDY_TYPES if any(t in types for t in group)]
    sentences = [_studies([e for e in edges if e.type in group]) for group in compared]
    in_groups = {t for group in STUDY_TYPES for t in group}
    return (*sentences, *(_relation([e for e in edges if e.type == t]) for t in types if t not in in_groups))


def contradictions(edges: Sequence[Evidence]) -> tuple[str, ...]:
    """Contradictions among the edges: negative statements, types that exclude each other, minority directions."""
    by_type: dict[str, list[Evidence]] = {}
    for edge in edges:
        by_type.setdefault(edge.type, []).append(edge)
    sentences = []
    for type_, of_type in by_type.items():
        if type_ in NEGATIVE and not any(type_ == against and helps in by_type for helps, against in OPPOSED):
            positive = by_type.get(type_.removeprefix(NEGATED), [])
            against = f" contradicts {positive[0].type} ({_reporters(positive)})" if positive else ""
            sentences.append(f"{type_} ({_reporters(of_type)}){against}")
    for one, other in OPPOSED:
        if one in by_type and other in by_type:
            sentences.append(f"{one} ({_reporters(by_type[one])}) against {other} ({_reporters(by_type[other])})")
    for group in STUDY_TYPES:
        sides = _sides([edge for edge in edges if edge.type in group])
        if sides[RAISES] and sides[LOWERS]:
            few, most = sorted(sides.values(), key=len)
            minority, majority = _reporters(few), _reporters(most)
            sentences.append(f"{few[0].allele} {few[0].direction} ({minority}), but {most[0].direction} ({majority})")
    return tuple(sentences)


def _studies(edges: Sequence[Evidence]) -> str:
    """ "found by a GWAS, 4 studies: 2 of 3 agree: A raises; 1 reports that it lowers; 1 without a direction"."""
    studies = dict.fromkeys(edge.reported_by for edge in edges)
    types = dict.fromkeys(edge.type for edge in edges)
    what = " and ".join(RELATIONS[type_].meaning for type_ in types)
    sides = _sides(edges)
    directed = sum(map(len, sides.values()))
    begin = f"{what}, {_count(len(studies), 'study', 'studies')}"
    if not directed:
        return f"{begin}: no direction for an allele"
    few, most = sorted(sides.items(), key=lambda side: len(side[1]))
    effect = f"{most[1][0].allele} {most[0]}"
    rest = f"; {len(studies) - directed} without a direction" if directed < len(studies) else ""
    if not few[1]:
        return f"{begin}: {'all agree: ' if directed > 1 else ''}{effect}{rest}"
    reports = _count(len(few[1]), "reports", "report")
    if len(few[1]) == len(most[1]):
        return f"{begin}: {_count(len(most[1]), 'reports', 'report')} that {effect}, {reports} that it {few[0]}{rest}"
    return f"{begin}: {len(most[1])} of {directed} agree: {effect}; {reports} that it {few[0]}{rest}"


def _sides(edges: Sequence[Evidence]) -> dict[str, list[Evidence]]:
    """The studies of each direction; each study by its strongest report with a direction."""
    best: dict[str, Evidence] = {}
    for edge in edges:
        if edge.direction is not None:
            stronger = best.setdefault(edge.reported_by, edge)
            if (edge.weight or 0.0) > (stronger.weight or 0.0):
                best[edge.reported_by] = edge
    return {side: [e for e in best.values() if e.direction == side] for side in (RAISES, LOWERS)}


def _relation(edges: Sequence[Evidence]) -> str:
    """ "is indicated for (TREATS): hetionet, primekg"."""
    type_ = edges[0].type
    meaning = RELATIONS[type_].meaning if type_ in RELATIONS else type_
    return f"{meaning} ({type_}): {_reporters(edges)}"


def _reporters(edges: Sequence[Evidence]) -> str:
    names = list(dict.fromkeys(edge.reported_by for edge in edges))
    return ", ".join(names[:SHOWN]) + (f" and {len(names) - SHOWN} more" if len(names) > SHOWN else "")


def _count(n: int, one: str, more: str) -> str:
    return f"{n} {one if n == 1 else more}"
