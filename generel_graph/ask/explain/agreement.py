"""The edges between two things in words: what they say, how far studies agree, and what contradicts what."""

from __future__ import annotations

from collections.abc import Sequence

from generel_etl.relations import NEGATED, NEGATIVE, RELATIONS
from generel_graph.ask.explain.evidence import LOWERS, RAISES, Evidence

OF_STUDIES = (("ASSOCIATED_WITH", "CORRELATES_WITH"), ("REGULATES",))  # types whose directions are compared
HELPS = ("TREATS", "USED_OFF_LABEL_FOR", "PALLIATES", "PREVENTS", "TESTED_FOR")
OPPOSED = (  # types that cannot both hold, beside X and NOT_X
    *((helps, "CONTRAINDICATED_FOR") for helps in HELPS),
    ("UPREGULATES", "DOWNREGULATES"),
    ("UPREGULATED_IN", "DOWNREGULATED_IN"),
)
SHOWN = 4  # studies or sources that a sentence names


def summary(edges: Sequence[Evidence]) -> tuple[str, ...]:
    """A sentence for each group of types that the edges are of."""
    types = list(dict.fromkeys(edge.type for edge in edges))
    compared = [group for group in OF_STUDIES if any(t in types for t in group)]
    said = [_studies([e for e in edges if e.type in group]) for group in compared]
    in_groups = {t for group in OF_STUDIES for t in group}
    return (*said, *(_relation([e for e in edges if e.type == t]) for t in types if t not in in_groups))


def contradictions(edges: Sequence[Evidence]) -> tuple[str, ...]:
    """What among the edges speaks against the rest: denials, opposed types, and directions of the minority."""
    by_type: dict[str, list[Evidence]] = {}
    for edge in edges:
        by_type.setdefault(edge.type, []).append(edge)
    found = []
    for type_, some in by_type.items():
        if type_ in NEGATIVE and not any(type_ == against and helps in by_type for helps, against in OPPOSED):
            denied = by_type.get(type_.removeprefix(NEGATED), [])
            found.append(f"{type_} ({_who(some)})" + (f" denies {denied[0].type} ({_who(denied)})" if denied else ""))
    for one, other in OPPOSED:
        if one in by_type and other in by_type:
            found.append(f"{one} ({_who(by_type[one])}) against {other} ({_who(by_type[other])})")
    for group in OF_STUDIES:
        sides = _sides([edge for edge in edges if edge.type in group])
        if sides[RAISES] and sides[LOWERS]:
            few, most = sorted(sides.values(), key=len)
            found.append(f"{few[0].allele} {few[0].direction} ({_who(few)}), yet {most[0].direction} ({_who(most)})")
    return tuple(found)


def _studies(edges: Sequence[Evidence]) -> str:
    """ "found by a GWAS, 4 studies: all 3 that tell a direction agree: A raises; 1 tells none"."""
    studies = dict.fromkeys(edge.told_by for edge in edges)
    types = dict.fromkeys(edge.type for edge in edges)
    what = " and ".join(RELATIONS[type_].meaning for type_ in types)
    sides = _sides(edges)
    told = sum(map(len, sides.values()))
    begin = f"{what}, {_count(len(studies), 'study', 'studies')}"
    if not told:
        return f"{begin}: no direction is told of an allele"
    few, most = sorted(sides.items(), key=lambda side: len(side[1]))
    says = f"{most[1][0].allele} {most[0]}"
    silent = f"; {_count(len(studies) - told, 'tells', 'tell')} none" if told < len(studies) else ""
    if not few[1]:
        return f"{begin}: {'all agree' if told > 1 else 'it says'}: {says}{silent}"
    if len(few[1]) == len(most[1]):
        return f"{begin}: {_count(len(most[1]), 'says', 'say')} that {says}, as many say that it {few[0]}{silent}"
    return f"{begin}: {len(most[1])} of {told} agree: {says}; {len(few[1])} that it {few[0]}{silent}"


def _sides(edges: Sequence[Evidence]) -> dict[str, list[Evidence]]:
    """The studies of each direction, each by its strongest report that has one."""
    best: dict[str, Evidence] = {}
    for edge in edges:
        if edge.direction is not None:
            kept = best.setdefault(edge.told_by, edge)
            if (edge.weight or 0.0) > (kept.weight or 0.0):
                best[edge.told_by] = edge
    return {side: [e for e in best.values() if e.direction == side] for side in (RAISES, LOWERS)}


def _relation(edges: Sequence[Evidence]) -> str:
    """ "is indicated for (TREATS): hetionet, primekg"."""
    type_ = edges[0].type
    meaning = RELATIONS[type_].meaning if type_ in RELATIONS else type_
    return f"{meaning} ({type_}): {_who(edges)}"


def _who(edges: Sequence[Evidence]) -> str:
    names = list(dict.fromkeys(edge.told_by for edge in edges))
    return ", ".join(names[:SHOWN]) + (f" and {len(names) - SHOWN} more" if len(names) > SHOWN else "")


def _count(n: int, one: str, more: str) -> str:
    return f"{n} {one if n == 1 else more}"
