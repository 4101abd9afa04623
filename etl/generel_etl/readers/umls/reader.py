"""The UMLS Metathesaurus in its Rich Release Format: MRCONSO, MRREL and MRSTY.

    [sources.umls]
    reader = "umls"
    files = ["umls/MRCONSO.RRF.gz", "umls/MRREL.RRF.gz"]   # recognised by name; MRSTY.RRF gives kinds
    vocabularies = ["SNOMEDCT_US", "ICD10CM", "MSH"]       # SABs; default: all with a known prefix
    defines = ["SNOMEDCT_US"]                              # vocabularies that no other source defines

**Names.** Each pair of SAB and CODE is one concept under its vocabulary's prefix: a mention with its CUI as a
cross-reference and its names as synonyms. CUIs are not nodes. `resolve` links a code to the concept with the same CUI,
and joins two defined concepts with the same CUI by SAME_AS. This source defines the codes of the vocabularies in
`defines`: list those that have no file of their own. These codes are joined by CUI among themselves too.

**Relations.** REL and RELA state what the *second* concept is to the first: "CUI2 is the PAR of CUI1". An endpoint is
the CUI (`UMLS:C0011860`) if STYPE is CUI, else the code of the atom. Mirrored rows give one edge.

**Kinds.** The prefix implies a kind (MONDO: Disease, HP: Phenotype). The semantic type in MRSTY decides if it is of
another class (an OMIM entry that is a gene), or if the prefix implies none. Otherwise the kind is Concept.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import Any

import polars as pl

from generel_etl.errors import DataError
from generel_etl.parsing.delimited import Layout, Rows, read_rows
from generel_etl.parsing.rejects import ROW, concat_rejects
from generel_etl.reader import Reader, SourceFiles
from generel_etl.readers.umls.kinds import empty_types, read_types, type_records
from generel_etl.readers.umls.names import WantedNames, read_names
from generel_etl.readers.umls.relations import read_relations
from generel_etl.schema import Concepts, Edges, Tables

LINE_END = "#end"  # the empty field after the last bar of a line
LAYOUTS: dict[str, tuple[str, ...]] = {
    "MRCONSO": (
        "CUI", "LAT", "TS", "LUI", "STT", "SUI", "ISPREF", "AUI", "SAUI", "SCUI", "SDUI", "SAB", "TTY", "CODE", "STR",
        "SRL", "SUPPRESS", "CVF", LINE_END,
    ),
    "MRSTY": ("CUI", "TUI", "STN", "STY", "ATUI", "CVF", LINE_END),
    "MRREL": (
        "CUI1", "AUI1", "STYPE1", "REL", "CUI2", "AUI2", "STYPE2", "RELA", "RUI", "SRUI", "SAB", "SL", "RG", "DIR",
        "SUPPRESS", "CVF", LINE_END,
    ),
}  # fmt: skip
USED = {
    "MRCONSO": ("CUI", "LAT", "TS", "STT", "ISPREF", "AUI", "SAB", "TTY", "CODE", "STR", "SUPPRESS"),
    "MRSTY": ("CUI", "TUI"),
    "MRREL": ("CUI1", "AUI1", "STYPE1", "REL", "CUI2", "AUI2", "STYPE2", "RELA", "SAB", "SUPPRESS"),
}


@dataclass(frozen=True, slots=True)
class UmlsOptions:
    """The keys of a source with `reader = "umls"`."""

    vocabularies: tuple[str, ...] = ()  # SABs to read; default: all with a known prefix
    defines: tuple[str, ...] = ()  # SABs whose codes this source defines instead of mentioning them
    languages: tuple[str, ...] = ("ENG",)  # LAT of the names to read
    suppressed: bool = False  # include obsolete and suppressible rows (SUPPRESS O, E, Y)
    prefixes: Mapping[str, Any] = field(default_factory=lambda: MappingProxyType({}))  # further SAB → prefix
    create: bool = True  # a code that no concept lists becomes a node; false: only if another source names it


def read(files: SourceFiles, options: UmlsOptions) -> Tables:
    """Read names, semantic types and relations into concepts, edges and rejects.

    Layout: the UMLS Rich Release Format of the National Library of Medicine: MRCONSO.RRF (18 fields, required),
    MRREL.RRF (16 fields) and MRSTY.RRF (6 fields). Each field ends with a bar; there is no header and no quoting.
    Source of the format: UMLS Reference Manual, chapter 3, https://www.ncbi.nlm.nih.gov/books/NBK9685/

    Raises DataError for a file with another name or layout.
    """
    rows = _read_files(files)
    names = rows["MRCONSO"].frame
    wanted = WantedNames(
        options.vocabularies,
        options.defines,
        options.languages,
        options.suppressed,
        {str(k): str(v) for k, v in options.prefixes.items()},
        options.create,
    )
    wanted.check(names["SAB"], files.where)
    types = read_types(rows["MRSTY"].frame) if "MRSTY" in rows else empty_types()
    codes = read_names(names, wanted, types)
    concepts: list[pl.DataFrame] = [Concepts.create_empty(), codes.records]
    edges: list[pl.DataFrame] = [Edges.create_empty()]
    rejects = [codes.rejects]
    if "MRSTY" in rows:
        records, bad = type_records(rows["MRSTY"].frame, codes.concepts)
        concepts.append(records)
        rejects.append(bad)
    if "MRREL" in rows:
        relations, bad = read_relations(rows["MRREL"].frame, codes, wanted)
        edges.append(relations)
        rejects.append(bad)
    return Tables(
        rows_read=sum(r.rows_read for r in rows.values()),
        concepts=pl.concat(concepts),
        edges=pl.concat(edges),
        rejects=concat_rejects([*rejects, *(r.rejects for r in rows.values())]),
        locations=pl.concat([r.locations for r in rows.values()]),
    )


def _read_files(files: SourceFiles) -> dict[str, Rows]:
    """The rows of each kind of file; row numbers continue from one kind to the next."""
    paths: dict[str, list[Path]] = {name: [] for name in LAYOUTS}
    for path in files.paths:
        name = path.name.partition(".")[0].upper()
        if name not in LAYOUTS:
            raise DataError("not a UMLS file that this reader knows", where=path, found=path.name, valid=LAYOUTS)
        paths[name].append(path)
    if not paths["MRCONSO"]:
        raise DataError("MRCONSO.RRF is missing", where=files.where, found=[p.name for p in files.paths])
    by_name, before = {}, 0
    for name, chosen in paths.items():
        if not chosen:
            continue
        rows = read_rows(
            SourceFiles(files.source, tuple(chosen)), Layout("|", columns=LAYOUTS[name]), use=(*USED[name], ROW)
        )
        if rows.frame.is_empty():
            text = f"no line has the {len(LAYOUTS[name]) - 1} fields of {name}.RRF, each followed by a bar"
            raise DataError(text, where=", ".join(map(str, chosen)))
        by_name[name] = Rows(
            rows.frame.with_columns(pl.col(ROW) + before),
            rows.rejects.with_columns(pl.col("row") + before),
            rows.rows_read,
        )
        before += rows.rows_read
    return by_name


READER = Reader("umls", 2, UmlsOptions, read)
