"""MRREL.RRF: what one concept or code is to another.

REL is read from right to left: CUI2 is the PAR (parent), CHD (child), RB (broader), RN (narrower) of CUI1, and
"CUI2 RELA CUI1".

- PAR, CHD: IS_A from child to parent, by REL alone (files differ in which of isa and inverse_isa goes with it); PART_OF
  and the like where RELA names that.
- RB, RN: IS_A only where RELA says isa, else an XREF. The manual keeps them apart from PAR and CHD: they compare
  meanings, across vocabularies too, as SKOS' broadMatch does, and state no place in a hierarchy.
- RO: the type of its RELA (`relations.RELAS`, `PREDICATES`).
- SY: SAME_AS. A vocabulary says synonymous of what the Metathesaurus keeps as two.
- RQ, RL, RU, SIB, AQ, QB, XR, DEL: nothing. Possible, unnamed, derived, about qualifiers, or denied.
"""

from __future__ import annotations

import polars as pl

from generel_etl.parsing.rejects import ROW, Check, split_valid_rows
from generel_etl.readers.umls.names import CUI, Codes, WantedNames
from generel_etl.relations import PREDICATES, RELAS, from_rela, nearest
from generel_etl.schema import Edges, conform
from generel_etl.weights import CURATED

BROADER = "broader or narrower"  # the relation of an XREF, which has no direction
REFUSED = {
    "RQ": "possibly synonymous: no statement",
    "RL": "alike, it does not say in what",
    "RU": "related, it does not say how",
    "SIB": "siblings follow from their parents",
    "AQ": "about qualifiers, not meanings",
    "QB": "about qualifiers, not meanings",
    "XR": "says that they are not related",
    "DEL": "a deleted concept",
}
RELS = ("PAR", "CHD", "RB", "RN", "RO", "SY", *REFUSED)
BY_CUI = "CUI"
STYPES = (BY_CUI, "AUI", "CODE", "SCUI", "SDUI")
KNOWN_RELAS = (*(name for forward, inverse, _ in RELAS for name in (forward, inverse)), *PREDICATES)


def read_relations(frame: pl.DataFrame, codes: Codes, asked: WantedNames) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Edges and rejects of MRREL."""
    frame = frame.join(_types(frame), on=["REL", "RELA"], how="left", nulls_equal=True, maintain_order="left")
    for side in ("1", "2"):
        frame = _with_end(frame, side, codes)
    rela = nearest("unknown RELA", pl.col("RELA"), KNOWN_RELAS)
    refused = pl.col("REL").replace_strict(REFUSED, default=None, return_dtype=pl.String)
    unnamed = pl.when(pl.col("RELA").is_null()).then(pl.lit("RO without RELA: it does not say how"))
    frame, bad = split_valid_rows(
        frame,
        [
            Check("REL", pl.col("REL").is_in(RELS), nearest("unknown REL", pl.col("REL"), RELS)),
            Check("SAB", asked.is_read(), "a vocabulary that is not among `vocabularies`"),
            asked.live,
            Check("REL", refused.is_null(), refused),
            Check("RELA", pl.col("type").is_not_null(), pl.coalesce(unnamed, rela)),
            *(check for side in ("1", "2") for check in _checks(side)),
            Check("CUI2", pl.col("id1") != pl.col("id2"), "both ends are one concept", pl.col("id2")),
        ],
    )
    return _edges(frame), bad


def _types(frame: pl.DataFrame) -> pl.DataFrame:
    """Of each pair of REL and RELA that occurs: type, whether the second concept is its start, the relation's name."""
    pairs = frame.select("REL", "RELA").unique()
    found = [_type(rel, rela) or (None, False, None) for rel, rela in pairs.rows()]
    schema = {"type": pl.String, "second_first": pl.Boolean, "relation": pl.String}
    return pairs.hstack(pl.DataFrame(found, schema=schema, orient="row"))


def _type(rel: str | None, rela: str | None) -> tuple[str, bool, str] | None:
    """Type, whether the second concept is its start, and name; None where nothing is said."""
    if rel == "SY":
        return "SAME_AS", False, "SY"
    named = from_rela(rela) if rela else None
    ranked = rel in ("PAR", "CHD", "RB", "RN")
    is_a = named is not None and named[0].type == "IS_A"
    if named and not (ranked and is_a):
        directed, name = named
        return directed.type, not directed.swap, name
    if not ranked:
        return None
    second_first = rel in ("CHD", "RN")
    return ("IS_A", second_first, "isa") if is_a or rel in ("PAR", "CHD") else ("XREF", second_first, BROADER)


def _with_end(frame: pl.DataFrame, side: str, codes: Codes) -> pl.DataFrame:
    """Add `id`, `name` and `kind` of one end: the CUI's, or the atom's code's."""
    by_cui = codes.cuis.rename({"CUI": f"CUI{side}", "name": f"cui_name{side}", "kind": f"cui_kind{side}"})
    atoms = codes.atoms.join(codes.concepts.select("id", "name", "kind"), on="id", how="left").rename(
        {"AUI": f"AUI{side}", "id": f"code{side}", "name": f"code_name{side}", "kind": f"code_kind{side}"}
    )
    frame = frame.join(by_cui, on=f"CUI{side}", how="left", maintain_order="left")
    frame = frame.join(atoms, on=f"AUI{side}", how="left", maintain_order="left")
    is_cui = pl.col(f"STYPE{side}") == BY_CUI
    cui = pl.when(pl.col(f"CUI{side}").str.contains(CUI)).then("UMLS:" + pl.col(f"CUI{side}"))

    def end(first: pl.Expr, second: str) -> pl.Expr:
        return pl.when(is_cui).then(first).otherwise(second)

    return frame.with_columns(
        end(cui, f"code{side}").alias(f"id{side}"),
        end(pl.col(f"cui_name{side}"), f"code_name{side}").alias(f"name{side}"),
        end(pl.col(f"cui_kind{side}"), f"code_kind{side}").fill_null("Concept").alias(f"kind{side}"),
    )


def _checks(side: str) -> list[Check]:
    stype, aui = f"STYPE{side}", f"AUI{side}"
    is_cui = pl.col(stype) == BY_CUI
    return [
        Check(stype, pl.col(stype).is_in(STYPES), nearest("unknown STYPE", pl.col(stype), STYPES)),
        Check(f"CUI{side}", ~is_cui | pl.col(f"id{side}").is_not_null(), "not a CUI"),
        Check(aui, pl.col(f"id{side}").is_not_null(), "no atom with a code that is read from MRCONSO"),
    ]


def _edges(frame: pl.DataFrame) -> pl.DataFrame:
    turned = pl.col("second_first")

    def end(what: str, first: str, second: str) -> pl.Expr:
        return pl.when(turned).then(f"{what}{second}").otherwise(f"{what}{first}")

    ends = [
        end(what, *order).alias(f"{side}_{what}")
        for side, order in (("start", ("1", "2")), ("end", ("2", "1")))
        for what in ("id", "kind", "name")
    ]
    # A broader meaning is no evidence that two things go together, so such an XREF is never drawn.
    weight = pl.when(pl.col("type") != "XREF").then(CURATED)
    return conform(frame.select(pl.col(ROW).alias("row"), "type", *ends, weight.alias("weight"), "relation"), Edges)
