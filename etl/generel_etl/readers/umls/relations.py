"""MRREL.RRF: relations between two concepts or codes.

REL is read from right to left: CUI2 is the PAR (parent), CHD (child), RB (broader), RN (narrower) of CUI1, and
"CUI2 RELA CUI1".

- PAR, CHD: IS_A from child to parent, from REL alone (files differ in which of isa and inverse_isa accompanies it);
  PART_OF and others if RELA names them.
- RB, RN: IS_A only if RELA is isa, else XREF. The manual separates them from PAR and CHD: like broadMatch in SKOS they
  compare meanings, also across vocabularies, and state no position in a hierarchy.
- RO: the type of its RELA (`relations.RELAS`, `PREDICATES`).
- SY: SAME_AS. A vocabulary states that two concepts of the Metathesaurus are synonyms.
- RQ, RL, RU, SIB, AQ, QB, XR, DEL: no edge. They are possible, unspecified or derived relations, concern qualifiers,
  or deny a relation.
"""

from __future__ import annotations

import polars as pl

from generel_etl.parsing.records import edge_table, endpoint, swap_endpoints
from generel_etl.parsing.rejects import Check, split_valid_rows
from generel_etl.readers.umls.names import CUI_PATTERN, Codes, WantedNames
from generel_etl.relations import PREDICATES, RELAS, from_rela, with_suggestion
from generel_etl.weights import CURATED

BROADER = "broader or narrower"  # `relation` of an XREF, which has no direction
NOT_READ = {
    "RQ": "possibly synonymous: not a statement",
    "RL": "a similarity that is not specified",
    "RU": "a relation that is not specified",
    "SIB": "siblings are implied by their parents",
    "AQ": "concerns qualifiers, not concepts",
    "QB": "concerns qualifiers, not concepts",
    "XR": "states that the concepts are not related",
    "DEL": "a deleted concept",
}
RELS = ("PAR", "CHD", "RB", "RN", "RO", "SY", *NOT_READ)
BY_CUI = "CUI"
STYPES = (BY_CUI, "AUI", "CODE", "SCUI", "SDUI")
KNOWN_RELAS = (*(name for forward, inverse, _ in RELAS for name in (forward, inverse)), *PREDICATES)


def read_relations(frame: pl.DataFrame, codes: Codes, wanted: WantedNames) -> tuple[pl.DataFrame, pl.DataFrame]:
    """The edges and rejects of MRREL."""
    frame = frame.join(_types(frame), on=["REL", "RELA"], how="left", nulls_equal=True, maintain_order="left")
    for side in ("1", "2"):
        frame = _with_endpoint(frame, side, codes)
    rela = with_suggestion("unknown RELA", pl.col("RELA"), KNOWN_RELAS)
    not_read = pl.col("REL").replace_strict(NOT_READ, default=None, return_dtype=pl.String)
    unnamed = pl.when(pl.col("RELA").is_null()).then(pl.lit("RO without RELA: the relation is not specified"))
    frame, bad = split_valid_rows(
        frame,
        [
            Check("REL", pl.col("REL").is_in(RELS), with_suggestion("unknown REL", pl.col("REL"), RELS)),
            Check("SAB", wanted.is_read(), "a vocabulary that is not in `vocabularies`"),
            wanted.is_current,
            Check("REL", not_read.is_null(), not_read),
            Check("RELA", pl.col("type").is_not_null(), pl.coalesce(unnamed, rela)),
            *(check for side in ("1", "2") for check in _checks(side)),
            Check("CUI2", pl.col("id1") != pl.col("id2"), "both endpoints are the same concept", pl.col("id2")),
        ],
    )
    return _edges(frame), bad


def _types(frame: pl.DataFrame) -> pl.DataFrame:
    """The distinct pairs of REL and RELA: type, whether the second concept is the start, the relation's name."""
    pairs = frame.select("REL", "RELA").unique()
    types = [_type(rel, rela) or (None, False, None) for rel, rela in pairs.rows()]
    schema = {"type": pl.String, "second_first": pl.Boolean, "relation": pl.String}
    return pairs.hstack(pl.DataFrame(types, schema=schema, orient="row"))


def _type(rel: str | None, rela: str | None) -> tuple[str, bool, str] | None:
    """Type, whether the second concept is the start, and name; None if the relation is not specified."""
    if rel == "SY":
        return "SAME_AS", False, "SY"
    named = from_rela(rela) if rela else None
    is_hierarchical = rel in ("PAR", "CHD", "RB", "RN")
    is_a = named is not None and named[0].type == "IS_A"
    if named and not (is_hierarchical and is_a):
        directed, name = named
        return directed.type, not directed.swap, name
    if not is_hierarchical:
        return None
    second_first = rel in ("CHD", "RN")
    return ("IS_A", second_first, "isa") if is_a or rel in ("PAR", "CHD") else ("XREF", second_first, BROADER)


def _with_endpoint(frame: pl.DataFrame, side: str, codes: Codes) -> pl.DataFrame:
    """Add `id`, `name` and `kind` of one endpoint: of the CUI, or of the atom's code."""
    by_cui = codes.cuis.rename({"CUI": f"CUI{side}", "name": f"cui_name{side}", "kind": f"cui_kind{side}"})
    atoms = codes.atoms.join(codes.concepts.select("id", "name", "kind"), on="id", how="left").rename(
        {"AUI": f"AUI{side}", "id": f"code{side}", "name": f"code_name{side}", "kind": f"code_kind{side}"}
    )
    frame = frame.join(by_cui, on=f"CUI{side}", how="left", maintain_order="left")
    frame = frame.join(atoms, on=f"AUI{side}", how="left", maintain_order="left")
    is_cui = pl.col(f"STYPE{side}") == BY_CUI
    cui = pl.when(pl.col(f"CUI{side}").str.contains(CUI_PATTERN)).then("UMLS:" + pl.col(f"CUI{side}"))

    def choose(of_cui: pl.Expr, of_code: str) -> pl.Expr:
        return pl.when(is_cui).then(of_cui).otherwise(of_code)

    return frame.with_columns(
        choose(cui, f"code{side}").alias(f"id{side}"),
        choose(pl.col(f"cui_name{side}"), f"code_name{side}").alias(f"name{side}"),
        choose(pl.col(f"cui_kind{side}"), f"code_kind{side}").fill_null("Concept").alias(f"kind{side}"),
    )


def _checks(side: str) -> list[Check]:
    stype, aui = f"STYPE{side}", f"AUI{side}"
    is_cui = pl.col(stype) == BY_CUI
    return [
        Check(stype, pl.col(stype).is_in(STYPES), with_suggestion("unknown STYPE", pl.col(stype), STYPES)),
        Check(f"CUI{side}", ~is_cui | pl.col(f"id{side}").is_not_null(), "not a CUI"),
        Check(aui, pl.col(f"id{side}").is_not_null(), "no code of this atom was read from MRCONSO"),
    ]


def _edges(frame: pl.DataFrame) -> pl.DataFrame:
    first, second = (endpoint(f"id{side}", pl.col(f"kind{side}"), f"name{side}") for side in ("1", "2"))
    # A broader meaning is not evidence that two concepts are related, so such an XREF is never sampled.
    weight = pl.when(pl.col("type") != "XREF").then(CURATED)
    start, end = swap_endpoints(first, second, "second_first")
    return edge_table(frame, pl.col("type"), start, end, weight=weight, relation="relation")
