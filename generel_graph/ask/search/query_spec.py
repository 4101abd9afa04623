"""The options of a search, checked: texts and weights, filters of the hits, ranking."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import TypedDict, Unpack

from generel_etl.errors import UsageError
from generel_etl.identifiers import normalise_build, normalise_chromosome
from generel_etl.relations import RELATIONS
from generel_etl.schema import KINDS
from generel_graph.ask.networks import MOST_HOPS

MEANING, LEXICAL, HYBRID = "meaning", "lexical", "hybrid"  # how hits are ranked


@dataclass(frozen=True, slots=True)
class GenomicRegion:
    """A chromosome, or an interval of one in one build, first and last base pair included (1-based)."""

    chromosome: str
    build: str | None = None
    first: int | None = None
    last: int | None = None

    @classmethod
    def read(cls, text: str) -> GenomicRegion:
        """Read "6", "chrX" or "GRCh38:6:25000000-34000000"; raises UsageError for anything else."""
        valid = ("6", "X", "GRCh38:6:25000000-34000000")
        *build, name, interval = text.replace(",", "").split(":") if ":" in text else (text, "")
        chromosome = normalise_chromosome(name)
        if chromosome is not None and not interval:
            return cls(chromosome)
        first, _, last = interval.partition("-")
        if chromosome is None or len(build) > 1 or not (first.isdecimal() and last.isdecimal()):
            raise UsageError("not a region", where="region", found=text, valid=valid)
        known = normalise_build(build[0]) if build else None
        if known is None:
            raise UsageError(
                "a position needs a genome build",
                where="region",
                found=text,
                next_step=f"write GRCh38:{chromosome}:{interval}, if that is its build",
            )
        if int(first) > int(last):
            raise UsageError("the last position of the region is before the first", where="region", found=text)
        return cls(chromosome, known, int(first), int(last))


class SearchOptions(TypedDict, total=False):
    """The options of a search beside its texts, `k` and `kind`; all are optional and named as on the command line."""

    weights: Sequence[float]  # one per text (default: 1); a negative weight moves the query away from its text
    minus: str | Sequence[str]  # texts of weight −1
    source: str | Sequence[str]  # hits have an edge from one of these sources
    region: str | None  # hits are SNPs in this region: "6", "GRCh38:6:25000000-34000000"
    not_linked: bool  # hits have no edge to a queried node
    not_linked_by: str | Sequence[str]  # hits have no edge of these types to a queried node
    within: int  # hits are at most this many edges (1 to 3) from the node that `of` names
    of: str
    one_per_locus: bool  # only the best SNP per locus (250 kb to each side; the MHC is one locus)
    lexical: bool  # rank by names and synonyms only
    hybrid: bool  # rank by names and by meaning, fused by reciprocal rank
    exact: bool  # compare every node; do not use the vector index


FLAGS = ("not_linked", "one_per_locus", "lexical", "hybrid", "exact")


@dataclass(frozen=True, slots=True)
class SearchQuery:
    """A checked search; `SearchQuery.read` makes one from the options as a user writes them."""

    texts: tuple[str, ...]
    weights: tuple[float, ...]  # one per text; a negative weight moves the query away from its text
    k: int = 10  # number of hits
    kinds: tuple[str, ...] = KINDS  # of hits
    sources: tuple[str, ...] = ()
    region: GenomicRegion | None = None
    not_linked: tuple[str, ...] | None = None  # types of edges to a queried node; (): any type; None: no condition
    within: int = 0  # 0: any distance
    of: str = ""
    one_per_locus: bool = False
    ranking: str = MEANING  # MEANING, LEXICAL or HYBRID
    exact: bool = False
    published_before: date | None = None  # edges published on or after this day do not count as links

    @classmethod
    def read(
        cls,
        text: str | Sequence[str],
        k: int = 10,
        kind: str | Sequence[str] | None = None,
        published_before: date | None = None,
        **options: Unpack[SearchOptions],
    ) -> SearchQuery:
        """Check a search; a single text may be given instead of a list. Raises UsageError for invalid options."""
        for name in options:
            if name not in SearchOptions.__annotations__:
                raise UsageError(
                    "unknown search option", found=name, valid=("k", "kind", *SearchOptions.__annotations__)
                )
        flags = {name: options.get(name, False) for name in FLAGS}
        for name, value in flags.items():
            if not isinstance(value, bool):
                raise UsageError("expected True or False", where=name, found=value, valid=[True, False])
        texts, minus, weights = _several(text), _several(options.get("minus", ())), options.get("weights", ())
        within, of, region = options.get("within", 0), options.get("of", ""), options.get("region")
        if k < 1:
            raise UsageError("k is the number of hits", where="-k", found=k, valid=["1 or more"])
        if not texts or not all(t.strip() for t in (*texts, *minus)):
            raise UsageError("no text to search for", next_step="give a text, a code, an rsID or a gene symbol")
        if weights and len(weights) != len(texts):
            raise UsageError(
                "expected one weight per text", where="weights", found=list(weights), valid=[f"{len(texts)} numbers"]
            )
        if bool(within) != bool(of):
            raise UsageError("--within needs --of, and --of needs --within", where="within, of", found=(within, of))
        if not 0 <= within <= MOST_HOPS:
            raise UsageError(
                "--within is a number of edges", where="--within", found=within, valid=range(1, MOST_HOPS + 1)
            )
        ranking = _ranking(flags["lexical"] is True, flags["hybrid"] is True, [*texts, *minus])
        types = _valid("not-linked-by", _several(options.get("not_linked_by", ())), RELATIONS)
        return cls(
            texts=(*texts, *minus),
            weights=(*(weights or (1.0,) * len(texts)), *(-1.0 for _ in minus)),
            k=k,
            kinds=_valid("kind", _several(kind or ()), KINDS) or KINDS,
            sources=_several(options.get("source", ())),
            region=None if region is None else GenomicRegion.read(region),
            not_linked=types if types or flags["not_linked"] else None,
            within=within,
            of=of,
            one_per_locus=options.get("one_per_locus", False),
            ranking=ranking,
            exact=options.get("exact", False),
            published_before=published_before,
        )


def _ranking(lexical: bool, hybrid: bool, texts: Sequence[str]) -> str:
    if lexical and hybrid:
        raise UsageError("--lexical and --hybrid exclude each other", where="search", next_step="choose one of the two")
    ranking = LEXICAL if lexical else HYBRID if hybrid else MEANING
    if ranking != MEANING and len(texts) > 1:
        raise UsageError(f"--{ranking} takes one text", where=f"--{ranking}", found=texts)
    return ranking


def _several(texts: str | Sequence[str]) -> tuple[str, ...]:
    return (texts,) if isinstance(texts, str) else tuple(texts)


def _valid(option: str, values: Sequence[str], valid: Iterable[str]) -> tuple[str, ...]:
    """The values in their standard spelling, compared without case; raises UsageError with the nearest valid one."""
    spellings = {name.lower(): name for name in valid}
    for value in values:
        if value.strip().lower() not in spellings:
            raise UsageError(f"unknown value of --{option}", where=f"--{option}", found=value, valid=valid)
    return tuple(dict.fromkeys(spellings[value.strip().lower()] for value in values))
