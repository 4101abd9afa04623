"""A search as it is put: what is asked about and how much each counts, which hits are wanted, how they are sought."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import TypedDict, Unpack

from generel_etl.errors import UsageError
from generel_etl.identifiers import normalise_build, normalise_chromosome
from generel_etl.relations import RELATIONS
from generel_etl.schema import KINDS

MEANING, WORDS, BOTH = "meaning", "words", "both"
WAYS = (MEANING, WORDS, BOTH)
MOST_HOPS = 3  # beyond, nearly everything is within


@dataclass(frozen=True, slots=True)
class GenomicRegion:
    """A chromosome, or a stretch of one in one build, both ends included (base pairs, from 1)."""

    chromosome: str
    build: str | None = None
    first: int | None = None
    last: int | None = None

    @classmethod
    def read(cls, text: str) -> GenomicRegion:
        """Read "6", "chrX" or "GRCh38:6:25000000-34000000"; raises UsageError for anything else."""
        valid = ("6", "X", "GRCh38:6:25000000-34000000")
        *build, name, places = text.replace(",", "").split(":") if ":" in text else (text, "")
        chromosome = normalise_chromosome(name)
        if chromosome is not None and not places:
            return cls(chromosome)
        first, _, last = places.partition("-")
        if chromosome is None or len(build) > 1 or not (first.isdecimal() and last.isdecimal()):
            raise UsageError("not a region", where="region", found=text, valid=valid)
        known = normalise_build(build[0]) if build else None
        if known is None:
            raise UsageError(
                "a place means nothing without its build",
                where="region",
                found=text,
                next_step=f"ask for GRCh38:{chromosome}:{places}, if it is that",
            )
        if int(first) > int(last):
            raise UsageError("the region ends before it begins", where="region", found=text)
        return cls(chromosome, known, int(first), int(last))


class SearchOptions(TypedDict, total=False):
    """What a search may say beside its text, the number of hits and their kind; all of it may be left out."""

    weights: Sequence[float]  # one a text (default: 1 each); below zero: away from it
    minus: str | Sequence[str]  # texts of weight −1
    source: str | Sequence[str]  # hits have an edge of one of these sources
    region: str | None  # hits are SNPs there: "6", "GRCh38:6:25000000-34000000"
    not_linked: str | Sequence[str] | None  # hits have no edge of these types to what is asked about; (): of any type
    within: int  # hits are at most so many edges (1 to 3) from what `of` names
    of: str
    one_per_locus: bool  # of SNPs within 250 kb of a nearer one, only that; the MHC is one locus
    by: str  # "meaning": vectors; "words": names; "both": the two orders fused
    exact: bool  # look at every node rather than ask the index


@dataclass(frozen=True, slots=True)
class SearchQuery:
    """A whole search; `Question.read` takes what a person types, checks it, and says what each part means."""

    texts: tuple[str, ...]
    weights: tuple[float, ...]  # a text each; below zero: away from it
    k: int = 10  # hits
    kinds: tuple[str, ...] = KINDS  # of hits
    sources: tuple[str, ...] = ()
    region: GenomicRegion | None = None
    not_linked: tuple[str, ...] | None = None  # None: linked hits are welcome
    within: int = 0  # 0: anywhere
    of: str = ""
    one_per_locus: bool = False
    by: str = MEANING
    exact: bool = False
    published_before: date | None = None  # edges published from this day on link nothing

    @classmethod
    def read(
        cls,
        text: str | Sequence[str],
        k: int = 10,
        kind: str | Sequence[str] | None = None,
        published_before: date | None = None,
        **how: Unpack[SearchOptions],
    ) -> SearchQuery:
        """Check a search as it is typed; one text may stand for a list of one.

        Raises UsageError for whatever cannot be followed.
        """
        for word in how:
            if word not in SearchOptions.__annotations__:
                raise UsageError(
                    "a search has no such word", found=word, valid=("k", "kind", *SearchOptions.__annotations__)
                )
        minus, weights = how.get("minus", ()), how.get("weights", ())
        within, of, by = how.get("within", 0), how.get("of", ""), how.get("by", MEANING)
        region, not_linked = how.get("region"), how.get("not_linked")
        plus, away = _several(text), _several(minus)
        if k < 1:
            raise UsageError("k is the number of hits", where="-k", found=k, valid=["1 or more"])
        if not plus or not all(t.strip() for t in (*plus, *away)):
            raise UsageError(
                "there is nothing to search for", next_step="give a text, a code, an rsID or a gene symbol"
            )
        if weights and len(weights) != len(plus):
            raise UsageError(
                "not one weight a text", where="weights", found=list(weights), valid=[f"{len(plus)} numbers"]
            )
        if by not in WAYS:
            raise UsageError("unknown way to search", where="by", found=by, valid=WAYS)
        if by != MEANING and len(plus) + len(away) > 1:
            raise UsageError("names are compared with one text", where=f"by {by}", found=[*plus, *away])
        if bool(within) != bool(of) or not 0 <= within <= MOST_HOPS:
            raise UsageError(
                "within so many edges of what?",
                where="within, of",
                found=(within, of),
                valid=[f"1 to {MOST_HOPS}, and a name or code"],
            )
        return cls(
            texts=(*plus, *away),
            weights=(*(weights or (1.0,) * len(plus)), *(-1.0 for _ in away)),
            k=k,
            kinds=_valid("kind", _several(kind or ()), KINDS) or KINDS,
            sources=_several(how.get("source", ())),
            region=None if region is None else GenomicRegion.read(region),
            not_linked=None if not_linked is None else _valid("not linked", _several(not_linked), RELATIONS),
            within=within,
            of=of,
            one_per_locus=how.get("one_per_locus", False),
            by=by,
            exact=how.get("exact", False),
            published_before=published_before,
        )


def _several(texts: str | Sequence[str]) -> tuple[str, ...]:
    return (texts,) if isinstance(texts, str) else tuple(texts)


def _valid(where: str, found: Sequence[str], valid: Iterable[str]) -> tuple[str, ...]:
    """Each in its own spelling, whatever its case; raises UsageError with the nearest."""
    spellings = {name.lower(): name for name in valid}
    for name in found:
        if name.strip().lower() not in spellings:
            raise UsageError(f"unknown {where}", where=f"--{where.replace(' ', '-')}", found=name, valid=valid)
    return tuple(dict.fromkeys(spellings[name.strip().lower()] for name in found))
