"""MRCONSO.RRF: the codes of the UMLS vocabularies, with their names and CUIs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import polars as pl

from generel_etl.errors import DataError
from generel_etl.identifiers import canonical_prefix, curie, is_vocabulary, kind, spellings
from generel_etl.parsing.rejects import ROW, Check, split_valid_rows
from generel_etl.readers.umls.kinds import combined_kind
from generel_etl.relations import with_suggestion
from generel_etl.schema import Concepts, conform

CUI_PATTERN = r"^C[0-9]{7}$"
NO_CODE = "NOCODE"
# Term types of a vocabulary's preferred names, best first; other term types follow in the order of the file.
# fmt: off
PREFERRED_TERM_TYPES = (
    "PT", "MH", "HT", "PN", "NM", "IN", "PIN", "MIN", "BN", "SCD", "SBD", "LC", "LN", "FN",
)
# fmt: on
ABBREVIATIONS = ("AB", "ACR", "AA")  # never EXACT synonyms: an abbreviation has many meanings


@dataclass(frozen=True, slots=True)
class WantedNames:
    """Which names of the UMLS are read; the fields are those of `UmlsOptions`."""

    vocabularies: tuple[str, ...]
    defines: tuple[str, ...]
    languages: tuple[str, ...]
    suppressed: bool
    prefixes: Mapping[str, str]
    create: bool

    def check(self, sab_column: pl.Series, where: str) -> None:
        """Raise DataError for a SAB in the options that the file does not have."""
        sabs = sab_column.drop_nulls().unique().sort().to_list()
        for key in ("vocabularies", "defines"):
            for sab in getattr(self, key):
                if sab not in sabs:
                    raise DataError(
                        "this vocabulary (SAB) is not in MRCONSO", where=f"{where}.{key}", found=sab, valid=sabs
                    )

    def prefix(self, sab: pl.Expr) -> pl.Expr:
        """The prefix of a SAB's codes; null if neither the options nor `identifiers` have one."""
        return sab.map_batches(self._prefixes, return_dtype=pl.String, is_elementwise=True)

    def _prefixes(self, sabs: pl.Series) -> pl.Series:
        distinct = sabs.unique().drop_nulls()
        known = [
            self.prefixes.get(sab) or (canonical_prefix(sab) if is_vocabulary(sab) else None)
            for sab in distinct.to_list()
        ]
        prefixes = pl.Series(known, dtype=pl.String)
        return sabs.replace_strict(distinct, prefixes, default=None, return_dtype=pl.String)

    def is_read(self) -> pl.Expr:
        """True if the options select a row's SAB."""
        return pl.col("SAB").is_in(self.vocabularies) if self.vocabularies else pl.lit(True)

    @property
    def is_current(self) -> Check:
        """The check that a row is not suppressed, unless the options include suppressed rows."""
        holds = pl.lit(True) if self.suppressed else pl.col("SUPPRESS").fill_null("N") == "N"
        return Check("SUPPRESS", holds, "suppressible or obsolete; `suppressed = true` includes it")


@dataclass(frozen=True, slots=True)
class Codes:
    """The codes and names of MRCONSO.

    `records`: the table `Concepts`, one record per name; the first record of a code has all its names. `concepts`: the
    first record of each code, with its CUI. `atoms`: AUI and id of every atom with a code, whether its name is read or
    not. `cuis`: CUI, name, kind.
    """

    records: pl.DataFrame
    concepts: pl.DataFrame
    atoms: pl.DataFrame
    cuis: pl.DataFrame
    rejects: pl.DataFrame


def read_names(frame: pl.DataFrame, wanted: WantedNames, types: pl.DataFrame) -> Codes:
    """Read codes and names. `types`: CUI, semantic (a kind), from MRSTY."""
    frame = frame.with_columns(wanted.prefix(pl.col("SAB")).alias("#prefix")).with_columns(
        pl.when(pl.col("CODE") != NO_CODE).then(curie(pl.concat_str("#prefix", pl.lit(":"), "CODE"))).alias("id")
    )
    atoms = frame.filter(wanted.is_read() & pl.col("id").is_not_null()).select("AUI", "id").drop_nulls().unique("AUI")
    with_prefix = [*wanted.prefixes, *spellings()]
    frame, bad = split_valid_rows(
        frame,
        [
            Check("CUI", pl.col("CUI").str.contains(CUI_PATTERN), "not a CUI"),
            Check("SAB", wanted.is_read(), "a vocabulary that is not in `vocabularies`"),
            Check("LAT", pl.col("LAT").is_in(wanted.languages), "a language that is not in `languages`"),
            Check("CODE", pl.col("CODE") != NO_CODE, "no code"),
            Check(
                "SAB",
                pl.col("#prefix").is_not_null(),
                with_suggestion("a vocabulary without a prefix; add one to `prefixes`", pl.col("SAB"), with_prefix),
            ),
            wanted.is_current,
            Check("CODE", pl.col("id").is_not_null(), "not a code"),
            Check("STR", pl.col("STR").str.strip_chars().str.len_bytes() > 0, "no name"),
        ],
    )
    frame = frame.with_columns(pl.col("STR").str.strip_chars())
    concepts = _concepts(frame, wanted, types)
    return Codes(_records(frame, concepts), concepts, atoms, _cuis(frame, concepts, wanted), bad)


def _by_preference(frame: pl.DataFrame, wanted: WantedNames) -> pl.DataFrame:
    """Names in order of preference: language, term type, the Metathesaurus' own preference, row."""
    language = pl.col("LAT").replace_strict({name: n for n, name in enumerate(wanted.languages)})
    rank = pl.col("TTY").replace_strict(
        {t: n for n, t in enumerate(PREFERRED_TERM_TYPES)}, default=len(PREFERRED_TERM_TYPES)
    )
    not_preferred = [(pl.col(c) != value).fill_null(True) for c, value in (("TS", "P"), ("STT", "PF"), ("ISPREF", "Y"))]
    return frame.sort(language, rank, *not_preferred, ROW)


def _concepts(frame: pl.DataFrame, wanted: WantedNames, types: pl.DataFrame) -> pl.DataFrame:
    """One record for each code, with all its names; its CUI is the CUI of its preferred name.

    A name with another CUI has another meaning (for instance an entry term), so it is not an EXACT synonym.
    """
    exact = (pl.col("CUI") == pl.col("CUI").first()) & ~pl.col("TTY").is_in(ABBREVIATIONS).fill_null(False)
    codes = (
        _by_preference(frame, wanted)
        .group_by("id", maintain_order=True)
        .agg(
            pl.col(ROW).min().alias("row"),
            pl.col("CUI").first(),
            pl.col("SAB").first(),
            pl.col("STR").first().alias("name"),
            pl.col("STR").filter(exact).unique(maintain_order=True).alias("synonyms"),
            pl.col("STR").filter(~exact).unique(maintain_order=True).alias("other_synonyms"),
            pl.col("CUI").unique(maintain_order=True).alias("cuis"),
        )
        .join(types, on="CUI", how="left", maintain_order="left")
    )
    umls = "UMLS:" + pl.element()
    return codes.with_columns(
        combined_kind(kind(pl.col("id")), pl.col("semantic")).alias("kind"),
        pl.col("synonyms").list.set_difference(pl.concat_list("name")),
        pl.col("other_synonyms").list.set_difference(pl.concat_list("name")),
        pl.concat_list("UMLS:" + pl.col("CUI")).alias("xrefs"),
        pl.col("cuis").list.slice(1).list.eval(umls).alias("inexact_xrefs"),
        pl.col("SAB").is_in(wanted.defines).alias("defined"),
        (pl.lit(not wanted.create)).alias("load_if_mentioned"),
    ).sort("row")


def _records(frame: pl.DataFrame, concepts: pl.DataFrame) -> pl.DataFrame:
    """The first record of each code, and one record for each further name, so that every row has a record."""
    further = (
        frame.join(concepts.select("id", "kind", "defined", "load_if_mentioned", main="CUI", first="row"), on="id")
        .filter(pl.col(ROW) != pl.col("first"))
        .with_columns(exact=(pl.col("CUI") == pl.col("main")) & ~pl.col("TTY").is_in(ABBREVIATIONS).fill_null(False))
        .select(
            pl.col(ROW).alias("row"),
            "id",
            "kind",
            pl.when("exact").then(pl.concat_list("STR")).alias("synonyms"),
            pl.when(~pl.col("exact")).then(pl.concat_list("STR")).alias("other_synonyms"),
            "defined",
            "load_if_mentioned",
        )
    )
    return pl.concat([conform(concepts, Concepts), conform(further, Concepts)]).sort("row", maintain_order=True)


def _cuis(frame: pl.DataFrame, concepts: pl.DataFrame, wanted: WantedNames) -> pl.DataFrame:
    """The name of each CUI, and the kind of that name's code."""
    return (
        _by_preference(frame, wanted)
        .unique("CUI", keep="first", maintain_order=True)
        .join(concepts.select("id", "kind"), on="id", how="left", maintain_order="left")
        .select("CUI", pl.col("STR").alias("name"), "kind")
    )
