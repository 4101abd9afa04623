"""MRCONSO.RRF: the codes of the UMLS's vocabularies, with their names and CUIs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import polars as pl

from generel_etl.errors import DataError
from generel_etl.identifiers import canonical_prefix, curie, is_vocabulary, kind, spellings
from generel_etl.parsing.rejects import ROW, Check, split_valid_rows
from generel_etl.readers.umls.kinds import settled_kind
from generel_etl.relations import nearest
from generel_etl.schema import Concepts, conform

CUI = r"^C[0-9]{7}$"
NO_CODE = "NOCODE"
# Term types that a vocabulary calls its name for the code, the best first; of others the order of the file decides.
# fmt: off
PREFERRED = (
    "PT", "MH", "HT", "PN", "NM", "IN", "PIN", "MIN", "BN", "SCD", "SBD", "LC", "LN", "FN",
)
# fmt: on
ABBREVIATIONS = ("AB", "ACR", "AA")  # never identity: one abbreviation stands for many things


@dataclass(frozen=True, slots=True)
class WantedNames:
    """What of the UMLS is read; the fields are those of `UmlsOptions`."""

    vocabularies: tuple[str, ...]
    defines: tuple[str, ...]
    languages: tuple[str, ...]
    suppressed: bool
    prefixes: Mapping[str, str]
    create: bool

    def check(self, found: pl.Series, where: str) -> None:
        """Raise DataError for a SAB of the options that the file does not have."""
        sabs = found.drop_nulls().unique().sort().to_list()
        for key in ("vocabularies", "defines"):
            for sab in getattr(self, key):
                if sab not in sabs:
                    raise DataError(
                        "no such vocabulary (SAB) in MRCONSO", where=f"{where}.{key}", found=sab, valid=sabs
                    )

    def prefix(self, sab: pl.Expr) -> pl.Expr:
        """The prefix of a SAB's codes; null where neither the options nor the table have one."""
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
        """Whether a row's SAB is asked for."""
        return pl.col("SAB").is_in(self.vocabularies) if self.vocabularies else pl.lit(True)

    @property
    def live(self) -> Check:
        """That a row is not suppressed, or suppressed ones are asked for."""
        holds = pl.lit(True) if self.suppressed else pl.col("SUPPRESS").fill_null("N") == "N"
        return Check("SUPPRESS", holds, "suppressible or obsolete; `suppressed = true` reads it")


@dataclass(frozen=True, slots=True)
class Codes:
    """What MRCONSO says.

    `records`: the table `Concepts`, one record a name; a code's first has all its names. `concepts`: of each code
    its first record and its CUI. `atoms`: AUI, id, of every atom with a code, read or not. `cuis`: CUI, name, kind.
    """

    records: pl.DataFrame
    concepts: pl.DataFrame
    atoms: pl.DataFrame
    cuis: pl.DataFrame
    rejects: pl.DataFrame


def read_names(frame: pl.DataFrame, asked: WantedNames, types: pl.DataFrame) -> Codes:
    """Read codes and names. `types`: CUI, semantic (a kind), from MRSTY."""
    frame = frame.with_columns(asked.prefix(pl.col("SAB")).alias("#prefix")).with_columns(
        pl.when(pl.col("CODE") != NO_CODE).then(curie(pl.concat_str("#prefix", pl.lit(":"), "CODE"))).alias("id")
    )
    atoms = frame.filter(asked.is_read() & pl.col("id").is_not_null()).select("AUI", "id").drop_nulls().unique("AUI")
    known = [*asked.prefixes, *spellings()]
    frame, bad = split_valid_rows(
        frame,
        [
            Check("CUI", pl.col("CUI").str.contains(CUI), "not a CUI"),
            Check("SAB", asked.is_read(), "a vocabulary that is not among `vocabularies`"),
            Check("LAT", pl.col("LAT").is_in(asked.languages), "a language that is not among `languages`"),
            Check("CODE", pl.col("CODE") != NO_CODE, "no code"),
            Check(
                "SAB",
                pl.col("#prefix").is_not_null(),
                nearest("a vocabulary without a prefix; `prefixes` gives it one", pl.col("SAB"), known),
            ),
            asked.live,
            Check("CODE", pl.col("id").is_not_null(), "not a code"),
            Check("STR", pl.col("STR").str.strip_chars().str.len_bytes() > 0, "no name"),
        ],
    )
    frame = frame.with_columns(pl.col("STR").str.strip_chars())
    whole = _concepts(frame, asked, types)
    return Codes(_records(frame, whole), whole, atoms, _cuis(frame, whole, asked), bad)


def _preferred(frame: pl.DataFrame, asked: WantedNames) -> pl.DataFrame:
    """Names in the order of preference: language, term type, what the Metathesaurus prefers, row."""
    language = pl.col("LAT").replace_strict({name: n for n, name in enumerate(asked.languages)})
    rank = pl.col("TTY").replace_strict({t: n for n, t in enumerate(PREFERRED)}, default=len(PREFERRED))
    flags = [(pl.col(c) != good).fill_null(True) for c, good in (("TS", "P"), ("STT", "PF"), ("ISPREF", "Y"))]
    return frame.sort(language, rank, *flags, ROW)


def _concepts(frame: pl.DataFrame, asked: WantedNames, types: pl.DataFrame) -> pl.DataFrame:
    """One record for each code, with all its names; its CUI is that of its preferred name.

    A name that stands under another CUI is another meaning of the code's (an entry term, say), hence no EXACT synonym.
    """
    exact = (pl.col("CUI") == pl.col("CUI").first()) & ~pl.col("TTY").is_in(ABBREVIATIONS).fill_null(False)
    found = (
        _preferred(frame, asked)
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
    return found.with_columns(
        settled_kind(kind(pl.col("id")), pl.col("semantic")).alias("kind"),
        pl.col("synonyms").list.set_difference(pl.concat_list("name")),
        pl.col("other_synonyms").list.set_difference(pl.concat_list("name")),
        pl.concat_list("UMLS:" + pl.col("CUI")).alias("xrefs"),
        pl.col("cuis").list.slice(1).list.eval(umls).alias("inexact_xrefs"),
        pl.col("SAB").is_in(asked.defines).alias("defined"),
        (pl.lit(not asked.create)).alias("on_mention"),
    ).sort("row")


def _records(frame: pl.DataFrame, whole: pl.DataFrame) -> pl.DataFrame:
    """The codes' records, and one for each further name, so that each row is accounted for."""
    others = (
        frame.join(whole.select("id", "kind", "defined", "on_mention", main="CUI", first="row"), on="id")
        .filter(pl.col(ROW) != pl.col("first"))
        .with_columns(exact=(pl.col("CUI") == pl.col("main")) & ~pl.col("TTY").is_in(ABBREVIATIONS).fill_null(False))
        .select(
            pl.col(ROW).alias("row"),
            "id",
            "kind",
            pl.when("exact").then(pl.concat_list("STR")).alias("synonyms"),
            pl.when(~pl.col("exact")).then(pl.concat_list("STR")).alias("other_synonyms"),
            "defined",
            "on_mention",
        )
    )
    return pl.concat([conform(whole, Concepts), conform(others, Concepts)]).sort("row", maintain_order=True)


def _cuis(frame: pl.DataFrame, whole: pl.DataFrame, asked: WantedNames) -> pl.DataFrame:
    """Of each CUI the name and kind of the preferred name's code."""
    return (
        _preferred(frame, asked)
        .unique("CUI", keep="first", maintain_order=True)
        .join(whole.select("id", "kind"), on="id", how="left", maintain_order="left")
        .select("CUI", pl.col("STR").alias("name"), "kind")
    )
