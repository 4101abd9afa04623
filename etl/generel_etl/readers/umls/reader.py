"""The UMLS Metathesaurus in its Rich Release Format (UMLS Reference Manual, NBK9685): MRCONSO, MRREL and MRSTY.

    [sources.umls]
    reader = "umls"
    files = ["umls/MRCONSO.RRF.gz", "umls/MRREL.RRF.gz"]   # told apart by their names; MRSTY.RRF gives kinds
    vocabularies = ["SNOMEDCT_US", "ICD10CM", "MSH"]       # SABs; default: all whose prefix is known
    defines = ["SNOMEDCT_US"]                              # no other source is this vocabulary's own file

Fields are parted by a bar, the last one ends with one too; there is no header and no quoting.

**Names.** Each (SAB, CODE) is one concept under its vocabulary's prefix, a mention with its CUI as a cross-reference
and its names as synonyms; no node is made for a CUI. So `resolve` leads a code to the concept that lists the same CUI,
and joins two defined concepts of one CUI by SAME_AS. Codes of a vocabulary in `defines` are defined by this source:
name those that no file of their own defines, and they are joined by CUI among themselves too.

**Relations.** REL and RELA say what the *second* concept is to the first, "CUI2 is the PAR of CUI1". An end is the CUI
(`UMLS:C0011860`) where STYPE says CUI, else the code of the atom. Mirrored rows give one edge.

**Kinds.** What the prefix says (MONDO: Disease, HP: Phenotype); where MRSTY has a semantic type of another class
(an OMIM entry that is a gene), or the prefix says nothing, the semantic type decides; else Concept.
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
from generel_etl.parsing.rejects import ROW, gather
from generel_etl.reader import Reader, SourceFiles
from generel_etl.readers.umls.kinds import no_types, read_types, typed_rows
from generel_etl.readers.umls.names import WantedNames, read_names
from generel_etl.readers.umls.relations import read_relations
from generel_etl.schema import Concepts, Edges, Tables

END = "#end"  # what stands behind a line's last bar
LAYOUTS: dict[str, tuple[str, ...]] = {
    "MRCONSO": (
        "CUI", "LAT", "TS", "LUI", "STT", "SUI", "ISPREF", "AUI", "SAUI", "SCUI", "SDUI", "SAB", "TTY", "CODE", "STR",
        "SRL", "SUPPRESS", "CVF", END,
    ),
    "MRSTY": ("CUI", "TUI", "STN", "STY", "ATUI", "CVF", END),
    "MRREL": (
        "CUI1", "AUI1", "STYPE1", "REL", "CUI2", "AUI2", "STYPE2", "RELA", "RUI", "SRUI", "SAB", "SL", "RG", "DIR",
        "SUPPRESS", "CVF", END,
    ),
}  # fmt: skip
USED = {
    "MRCONSO": ("CUI", "LAT", "TS", "STT", "ISPREF", "AUI", "SAB", "TTY", "CODE", "STR", "SUPPRESS"),
    "MRSTY": ("CUI", "TUI"),
    "MRREL": ("CUI1", "AUI1", "STYPE1", "REL", "CUI2", "AUI2", "STYPE2", "RELA", "SAB", "SUPPRESS"),
}


@dataclass(frozen=True, slots=True)
class UmlsOptions:
    """The keys of a source that is read as UMLS."""

    vocabularies: tuple[str, ...] = ()  # SABs that are read; none: all whose prefix is known
    defines: tuple[str, ...] = ()  # SABs whose codes this source defines, not only mentions
    languages: tuple[str, ...] = ("ENG",)  # LAT of names
    suppressed: bool = False  # also what is obsolete or suppressible (SUPPRESS O, E, Y)
    prefixes: Mapping[str, Any] = field(default_factory=lambda: MappingProxyType({}))  # SAB → prefix, beside the table
    create: bool = True  # a code without a home becomes a node; false: only if another source names it


def read(files: SourceFiles, options: UmlsOptions) -> Tables:
    """Read names, semantic types and relations; raises DataError for a file of another name or layout."""
    rows = _read_files(files)
    names = rows["MRCONSO"].frame
    asked = WantedNames(
        options.vocabularies,
        options.defines,
        options.languages,
        options.suppressed,
        {str(k): str(v) for k, v in options.prefixes.items()},
        options.create,
    )
    asked.check(names["SAB"], files.where)
    types = read_types(rows["MRSTY"].frame) if "MRSTY" in rows else no_types()
    codes = read_names(names, asked, types)
    concepts: list[pl.DataFrame] = [Concepts.create_empty(), codes.records]
    edges: list[pl.DataFrame] = [Edges.create_empty()]
    rejects = [codes.rejects]
    if "MRSTY" in rows:
        more, bad = typed_rows(rows["MRSTY"].frame, codes.concepts)
        concepts.append(more)
        rejects.append(bad)
    if "MRREL" in rows:
        found, bad = read_relations(rows["MRREL"].frame, codes, asked)
        edges.append(found)
        rejects.append(bad)
    return Tables(
        rows_read=sum(r.rows_read for r in rows.values()),
        concepts=pl.concat(concepts),
        edges=pl.concat(edges),
        rejects=gather([*rejects, *(r.rejects for r in rows.values())]),
        places=pl.concat([r.places for r in rows.values()]),
    )


def _read_files(files: SourceFiles) -> dict[str, Rows]:
    """The rows of each kind of file, numbered on from one kind to the next."""
    paths: dict[str, list[Path]] = {name: [] for name in LAYOUTS}
    for path in files.paths:
        name = path.name.partition(".")[0].upper()
        if name not in LAYOUTS:
            raise DataError("no file of the UMLS that is read", where=path, found=path.name, valid=LAYOUTS)
        paths[name].append(path)
    if not paths["MRCONSO"]:
        raise DataError("none of the files is MRCONSO.RRF", where=files.where, found=[p.name for p in files.paths])
    found, before = {}, 0
    for name, some in paths.items():
        if not some:
            continue
        rows = read_rows(
            SourceFiles(files.source, tuple(some)), Layout("|", columns=LAYOUTS[name]), use=(*USED[name], ROW)
        )
        if rows.frame.is_empty():
            text = f"no line has the {len(LAYOUTS[name]) - 1} fields of {name}.RRF and a bar at its end"
            raise DataError(text, where=", ".join(map(str, some)))
        found[name] = Rows(
            rows.frame.with_columns(pl.col(ROW) + before),
            rows.rejects.with_columns(pl.col("row") + before),
            rows.rows_read,
        )
        before += rows.rows_read
    return found


READER = Reader("umls", 1, UmlsOptions, read)
