"""Ontologies in OBO format: MONDO, EFO, DOID, HP, GO, or a file of your own.

    [sources.efo]
    reader = "obo"
    files = ["ontologies/efo.obo.gz"]

    [sources.concepts]              # several vocabularies in one file
    reader = "obo"
    files = ["concepts.obo"]
    defines = ["MONDO", "HP", "DRUGBANK"]
    kinds = { DRUGBANK = "Drug" }   # prefix, namespace or root id → kind; takes precedence over the built-in rules

A row is a [Term]. Its `is_a` lines become IS_A edges from child to parent. An obsolete term is a reject that states its
replacement, and its id becomes one of the `alt_ids` of the term that replaces it.
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
from generel_etl.readers.obo.kinds import TermRelations, kinds_of
from generel_etl.readers.obo.parser import OboTerm, read_header, read_terms
from generel_etl.schema import CONCEPT_KINDS, LOCATIONS, Concepts, Edges, Rejects, Tables, conform

# Prefixes of cross-references that are not concepts: literature, people, web pages.
NOT_CONCEPTS = frozenset({"PMID", "ORCID", "DOI", "ISBN", "ISBN-13", "URL", "http", "https", "GOC", "Wikipedia"})


@dataclass(frozen=True, slots=True)
class OboOptions:
    """The keys of a source with `reader = "obo"`."""

    kind: str = ""  # kind of all terms
    kinds: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))  # prefix or id → kind
    defines: tuple[str, ...] = ()  # prefixes whose terms the file defines; default: the prefix in `ontology:`, else all
    encoding: str = "utf-8"  # text encoding of the files


@dataclass(frozen=True, slots=True)
class _Row:
    """A term with its row number, file and normalised id."""

    number: int
    file: str
    id: str
    term: OboTerm


def read(files: SourceFiles, options: OboOptions) -> Tables:
    """Read OBO files into concepts, IS_A edges and rejects.

    Layout: OBO flat files, versions 1.0, 1.2 and 1.4, as the OBO Foundry publishes MONDO, EFO, DOID, HP and GO. Tags
    that are read: id, name, namespace, synonym (and the older `exact_synonym` …), xref, is_a, alt_id, is_obsolete,
    replaced_by, consider, and property values such as `exactMatch`. Source of the format:
    https://owlcollab.github.io/oboformat/doc/GO.format.obo-1_4.html

    Raises ConfigError for an unknown kind, DataError if a file has no [Term].
    """
    for kind in (options.kind, *options.kinds.values()):
        if kind and kind not in CONCEPT_KINDS:
            raise ConfigError("unknown kind", where=files.where, found=kind, valid=CONCEPT_KINDS)
    terms = _TermTable()
    ontologies: set[str] = set()
    for path in files.paths:
        lines = read_text(path, options.encoding).decode().replace("\r\n", "\n").split("\n")
        rows_before = terms.rows
        header = read_header(lines)
        ontologies.add(canonical_prefix(header.get("ontology", "").rpartition("/")[2].removesuffix(".obo").upper()))
        for term in read_terms(lines):
            terms.add(term, path.name)
        if terms.rows == rows_before:
            raise DataError("no [Term] in this file; is it in OBO format?", where=path, found=lines[0][:80])
    return terms.tables(options, ontologies)


class _TermTable:
    """The terms of the files; every row becomes a concept or a reject."""

    def __init__(self) -> None:
        self.rows = 0
        self.current: dict[str, _Row] = {}
        self.obsolete: dict[str, _Row] = {}
        self.rejects: list[dict[str, object]] = []
        self.locations: list[tuple[int, str, int]] = []
        self._ids: dict[str, str | None] = {}

    def curie(self, text: str) -> str | None:
        """A normalised id, cached for each spelling."""
        if text not in self._ids:
            self._ids[text] = normalise_curie(text)
        return self._ids[text]

    def add(self, term: OboTerm, file: str) -> None:
        """Number a term and store it, or reject it."""
        self.rows += 1
        self.locations.append((self.rows, file, term.line))
        curie = self.curie(term.id)
        for line, tag, text, reason in term.errors:
            self._reject(self.rows, file, line, tag, text, reason)
        if curie is None:
            self._reject(self.rows, file, term.line, "id", term.id or None, "not an id")
            return
        first = self.current.get(curie) or self.obsolete.get(curie)
        if first:
            reason = f"duplicate id: first in {first.file}, line {first.term.line}"
            self._reject(self.rows, file, term.line, "id", term.id, reason)
            return
        (self.obsolete if term.obsolete else self.current)[curie] = _Row(self.rows, file, curie, term)

    def tables(self, options: OboOptions, ontologies: set[str]) -> Tables:
        """The terms as canonical tables. `ontologies`: the prefixes that the files' headers name."""
        replaced, mentions = self._reject_obsolete_terms()
        prefixes = {prefix_of(i) for i in self.current}
        defines = {canonical_prefix(p) for p in options.defines} or (ontologies & prefixes) or prefixes
        parents = {i: self._ids_of(p.term.parents) for i, p in self.current.items()}
        xrefs = {i: self._ids_of(p.term.xrefs, NOT_CONCEPTS) for i, p in self.current.items()}
        namespaces = {i: p.term.namespace for i, p in self.current.items() if p.term.namespace}
        kinds = kinds_of(TermRelations(parents, namespaces, xrefs), options.kinds, options.kind)
        concepts = []
        for curie, row in self.current.items():
            kind, below_root = kinds[curie]
            concepts.append(self._concept(row, kind, below_root, prefix_of(curie) in defines, xrefs[curie], replaced))
        concepts += mentions
        edges = [
            {
                "row": self.current[child].number,
                "type": "IS_A",
                "start_id": child,
                "start_kind": kinds[child][0],
                "end_id": parent,
                "end_kind": kinds[parent][0] if parent in kinds else kinds[child][0],
                "weight": 1.0,
                "relation": "is_a",
            }
            for child, child_parents in parents.items()
            for parent in child_parents
        ]
        return Tables(
            rows_read=self.rows,
            concepts=_frame(concepts, Concepts),
            edges=_frame(edges, Edges),
            rejects=_frame(self.rejects, Rejects),
            locations=pl.DataFrame(self.locations, schema=LOCATIONS, orient="row"),
        )

    def _concept(
        self,
        row: _Row,
        kind: str,
        below_root: bool,
        defined: bool,
        xrefs: Sequence[str],
        replaced: Mapping[str, list[str]],
    ) -> dict[str, object]:
        term = row.term
        inexact = self._ids_of(term.inexact_xrefs, NOT_CONCEPTS)
        exact = [s for s in dict.fromkeys(term.exact) if s and s != term.name]
        return {
            "row": row.number,
            "id": row.id,
            "kind": kind,
            "name": term.name,
            "synonyms": exact,
            "other_synonyms": [s for s in dict.fromkeys(term.other) if s and s != term.name and s not in exact],
            "xrefs": [x for x in xrefs if x not in inexact],
            "inexact_xrefs": inexact,
            "exact_matches": self._ids_of(term.exact_matches),
            "alt_ids": [
                i for i in dict.fromkeys((*self._ids_of(term.alt_ids), *replaced.get(row.id, ()))) if i != row.id
            ],
            "defined": defined,
            # An imported term, or a term outside the roots, is a node only if another source names it.
            "load_if_mentioned": not (defined and below_root),
        }

    def _ids_of(self, texts: Sequence[str], without: frozenset[str] = frozenset()) -> list[str]:
        """Normalised ids, each once, in order; texts that are not ids are left out."""
        ids = dict.fromkeys(self.curie(t) for t in texts if t.partition(":")[0] not in without)
        return [i for i in ids if i is not None]

    def _reject_obsolete_terms(self) -> tuple[dict[str, list[str]], list[dict[str, object]]]:
        """Reject the obsolete terms; returns the obsolete ids that each term replaces, and mentions.

        A term that is replaced by a term of another file becomes a mention of it, with the obsolete id in `alt_ids`.
        """
        replaced: dict[str, list[str]] = {}
        mentions: list[dict[str, object]] = []
        for curie, row in self.obsolete.items():
            replacement = self._replacement(curie)
            if replacement is None:
                self._reject_obsolete(row, self._reason_without_replacement(row.term))
            elif replacement in self.current:
                replaced.setdefault(replacement, []).append(curie)
                self._reject_obsolete(row, f"obsolete, replaced by {replacement}")
            else:
                kind = kinds_of(TermRelations({replacement: ()}, {}, {}), {})[replacement][0]
                mentions.append(
                    {
                        "row": row.number,
                        "id": replacement,
                        "kind": kind,
                        "alt_ids": [curie],
                        "defined": False,
                        "load_if_mentioned": True,
                    }
                )
        return replaced, mentions

    def _replacement(self, curie: str) -> str | None:
        """The one term at the end of a chain of replacements, or None."""
        seen = {curie}
        while curie in self.obsolete:
            replacements = self._ids_of(self.obsolete[curie].term.replaced_by)
            if len(replacements) != 1 or replacements[0] in seen:
                return None
            curie = replacements[0]
            seen.add(curie)
        return curie

    def _reason_without_replacement(self, term: OboTerm) -> str:
        if len(term.replaced_by) > 1:
            return f"obsolete, replaced by several: {', '.join(term.replaced_by)}"
        if term.replaced_by:
            return f"obsolete, replaced by an obsolete term: {term.replaced_by[0]}"
        if term.consider:
            return f"obsolete, no replacement; consider {', '.join(term.consider)}"
        return "obsolete, no replacement"

    def _reject_obsolete(self, row: _Row, reason: str) -> None:
        found = f"{row.id} {row.term.name or ''}".strip()
        self._reject(row.number, row.file, row.term.line, "is_obsolete", found, reason)

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
    """Lists of texts as a column; through Arrow, because Polars makes a Series of each list (ten times slower)."""
    offsets = accumulate((len(v or ()) for v in lists), initial=0)
    members = pa.array([m for v in lists for m in v or ()], pa.large_string())
    array = pa.LargeListArray.from_arrays(pa.array(offsets, pa.int64()), members)
    return pl.Series(name, array)


READER = Reader("obo", 2, OboOptions, read)
