"""Ontologies in OBO format: MONDO, EFO, DOID, HP, GO, and a file of one's own.

    [sources.efo]
    reader = "obo"
    files = ["ontologies/efo.obo.gz"]

    [sources.concepts]              # several vocabularies in one file
    reader = "obo"
    files = ["concepts.obo"]
    defines = ["MONDO", "HP", "DRUGBANK"]
    kinds = { DRUGBANK = "Drug" }   # prefix, namespace or root id → kind, before the rules of obo_kinds.py

A row is a [Term]. Its `is_a` lines become IS_A edges, child to parent. An obsolete term is a reject that says what
replaced it; its id goes to the `alt_ids` of that term.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import accumulate
from types import MappingProxyType
from typing import Any

import dataframely as dy
import polars as pl
import pyarrow as pa

from generel_etl.errors import ConfigError, DataError
from generel_etl.identifiers import canonical_prefix, normalise_curie, prefix_of
from generel_etl.parsing.files import read_text
from generel_etl.reader import Reader, SourceFiles
from generel_etl.readers.obo.kinds import Shape, kinds_of
from generel_etl.readers.obo.parser import OboTerm, read_header, read_terms
from generel_etl.schema import CONCEPT_KINDS, PLACES, Concepts, Edges, Rejects, Tables, conform

# Cross-references that lead to no concept: literature, people, pages.
NOT_CONCEPTS = frozenset({"PMID", "ORCID", "DOI", "ISBN", "ISBN-13", "URL", "http", "https", "GOC", "Wikipedia"})


@dataclass(frozen=True, slots=True)
class OboOptions:
    """The keys of a source that is read as OBO."""

    kind: str = ""  # of all its terms
    kinds: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    defines: tuple[str, ...] = ()  # prefixes whose terms it defines; empty: the one that `ontology:` names, else all
    encoding: str = "utf-8"


@dataclass(frozen=True, slots=True)
class _Placed:
    """A term with its row, file and normalised ids."""

    row: int
    file: str
    id: str
    term: OboTerm


def read(files: SourceFiles, options: OboOptions) -> Tables:
    """Read OBO files into concepts, IS_A edges and rejects; raises DataError where a file holds no [Term]."""
    for kind in (options.kind, *options.kinds.values()):
        if kind and kind not in CONCEPT_KINDS:
            raise ConfigError("no such kind", where=files.where, found=kind, valid=CONCEPT_KINDS)
    book = _Book()
    own: set[str] = set()
    for path in files.paths:
        lines = read_text(path, options.encoding).decode().replace("\r\n", "\n").split("\n")
        before = book.rows
        header = read_header(lines)
        own.add(canonical_prefix(header.get("ontology", "").rpartition("/")[2].removesuffix(".obo").upper()))
        for term in read_terms(lines):
            book.add(term, path.name)
        if book.rows == before:
            raise DataError("no [Term] in this file: is it OBO?", where=path, found=lines[0][:80])
    return book.tables(options, own)


class _Book:
    """The terms read so far; every row ends as a concept or a reject."""

    def __init__(self) -> None:
        self.rows = 0
        self.live: dict[str, _Placed] = {}
        self.dead: dict[str, _Placed] = {}
        self.rejects: list[dict[str, object]] = []
        self.places: list[tuple[int, str, int]] = []
        self._ids: dict[str, str | None] = {}

    def curie(self, text: str) -> str | None:
        """A normalised id, worked out once for each spelling."""
        if text not in self._ids:
            self._ids[text] = normalise_curie(text)
        return self._ids[text]

    def add(self, term: OboTerm, file: str) -> None:
        """Give a term its row and place, or reject it."""
        self.rows += 1
        self.places.append((self.rows, file, term.line))
        curie = self.curie(term.id)
        for line, tag, text, reason in term.faults:
            self._reject(self.rows, file, line, tag, text, reason)
        if curie is None:
            self._reject(self.rows, file, term.line, "id", term.id or None, "not an id")
            return
        known = self.live.get(curie) or self.dead.get(curie)
        if known:
            reason = f"stands already in {known.file}, line {known.term.line}"
            self._reject(self.rows, file, term.line, "id", term.id, reason)
            return
        (self.dead if term.obsolete else self.live)[curie] = _Placed(self.rows, file, curie, term)

    def tables(self, options: OboOptions, own: set[str]) -> Tables:
        """All that the terms say, as canonical tables."""
        replaced, mentions = self._bury()
        prefixes = {prefix_of(i) for i in self.live}
        defines = {canonical_prefix(p) for p in options.defines} or (own & prefixes) or prefixes
        parents = {i: self._ids_of(p.term.parents) for i, p in self.live.items()}
        xrefs = {i: self._ids_of(p.term.xrefs, NOT_CONCEPTS) for i, p in self.live.items()}
        spaces = {i: p.term.namespace for i, p in self.live.items() if p.term.namespace}
        kinds = kinds_of(Shape(parents, spaces, xrefs), options.kinds, options.kind)
        concepts = []
        for curie, placed in self.live.items():
            kind, inside = kinds[curie]
            concepts.append(self._concept(placed, kind, inside, prefix_of(curie) in defines, xrefs[curie], replaced))
        concepts += mentions
        edges = [
            {
                "row": self.live[child].row,
                "type": "IS_A",
                "start_id": child,
                "start_kind": kinds[child][0],
                "end_id": parent,
                "end_kind": kinds[parent][0] if parent in kinds else kinds[child][0],
                "weight": 1.0,
                "relation": "is_a",
            }
            for child, above in parents.items()
            for parent in above
        ]
        return Tables(
            rows_read=self.rows,
            concepts=_frame(concepts, Concepts),
            edges=_frame(edges, Edges),
            rejects=_frame(self.rejects, Rejects),
            places=pl.DataFrame(self.places, schema=PLACES, orient="row"),
        )

    def _concept(
        self,
        placed: _Placed,
        kind: str,
        inside: bool,
        defined: bool,
        xrefs: Sequence[str],
        replaced: Mapping[str, list[str]],
    ) -> dict[str, object]:
        term = placed.term
        inexact = self._ids_of(term.inexact_xrefs, NOT_CONCEPTS)
        exact = [s for s in dict.fromkeys(term.exact) if s and s != term.name]
        return {
            "row": placed.row,
            "id": placed.id,
            "kind": kind,
            "name": term.name,
            "synonyms": exact,
            "other_synonyms": [s for s in dict.fromkeys(term.other) if s and s != term.name and s not in exact],
            "xrefs": [x for x in xrefs if x not in inexact],
            "inexact_xrefs": inexact,
            "exact_matches": self._ids_of(term.exact_matches),
            "alt_ids": [
                i for i in dict.fromkeys((*self._ids_of(term.alt_ids), *replaced.get(placed.id, ()))) if i != placed.id
            ],
            "defined": defined,
            # A term that the file only borrows, or one outside the roots, is a node if another source names it.
            "on_mention": not (defined and inside),
        }

    def _ids_of(self, texts: Sequence[str], without: frozenset[str] = frozenset()) -> list[str]:
        """Normalised ids, each once, in order; texts that are no ids are left out."""
        found = dict.fromkeys(self.curie(t) for t in texts if t.partition(":")[0] not in without)
        return [i for i in found if i is not None]

    def _bury(self) -> tuple[dict[str, list[str]], list[dict[str, object]]]:
        """Reject the obsolete terms; returns the dead ids of each term that replaced them.

        One that a term of another file replaced becomes a mention of that term, with the dead id in `alt_ids`.
        """
        replaced: dict[str, list[str]] = {}
        mentions: list[dict[str, object]] = []
        for curie, placed in self.dead.items():
            heir = self._heir(curie)
            if heir is None:
                self._reject_dead(placed, self._why(placed.term))
            elif heir in self.live:
                replaced.setdefault(heir, []).append(curie)
                self._reject_dead(placed, f"obsolete, replaced by {heir}")
            else:
                kind = kinds_of(Shape({heir: ()}, {}, {}), {})[heir][0]
                mentions.append(
                    {
                        "row": placed.row,
                        "id": heir,
                        "kind": kind,
                        "alt_ids": [curie],
                        "defined": False,
                        "on_mention": True,
                    }
                )
        return replaced, mentions

    def _heir(self, curie: str) -> str | None:
        """The one term at the end of a chain of replacements, or None."""
        seen = {curie}
        while curie in self.dead:
            heirs = self._ids_of(self.dead[curie].term.replaced_by)
            if len(heirs) != 1 or heirs[0] in seen:
                return None
            curie = heirs[0]
            seen.add(curie)
        return curie

    def _why(self, term: OboTerm) -> str:
        if len(term.replaced_by) > 1:
            return f"obsolete, replaced by several: {', '.join(term.replaced_by)}"
        if term.replaced_by:
            return f"obsolete, and so is what replaced it: {term.replaced_by[0]}"
        if term.consider:
            return f"obsolete, no replacement; consider {', '.join(term.consider)}"
        return "obsolete, no replacement"

    def _reject_dead(self, placed: _Placed, reason: str) -> None:
        found = f"{placed.id} {placed.term.name or ''}".strip()
        self._reject(placed.row, placed.file, placed.term.line, "is_obsolete", found, reason)

    def _reject(self, row: int, file: str, line: int, column: str, found: str | None, reason: str) -> None:
        self.rejects.append(
            {"row": row, "file": file, "line": line, "column": column, "found": found, "reason": reason}
        )


def _frame(records: Sequence[Mapping[str, object]], schema: type[dy.Schema]) -> pl.DataFrame:
    """Records as a canonical table."""
    if not records:
        return schema.create_empty()
    types = schema.create_empty().schema
    columns = []
    for name in (n for n in types if n in records[0]):
        values = [r.get(name) for r in records]
        columns.append(
            _lists(name, values) if types[name] == pl.List(pl.String) else pl.Series(name, values, types[name])
        )
    return conform(pl.DataFrame(columns), schema)


def _lists(name: str, lists: Sequence[Any]) -> pl.Series:
    """Lists of texts as a column; through Arrow, since Polars makes a Series of each list (ten times slower)."""
    ends = accumulate((len(v or ()) for v in lists), initial=0)
    members = pa.array([m for v in lists for m in v or ()], pa.large_string())
    array = pa.LargeListArray.from_arrays(pa.array(ends, pa.int64()), members)
    return pl.Series(name, array)


READER = Reader("obo", 1, OboOptions, read)
