"""From a text to what it names: an rsID, a code, a name or synonym; what names nothing stays a text."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from generel_etl.identifiers import BY_NAME, normalise_curie, normalise_rsid, prefix_of
from generel_etl.tables import KINDS
from generel_graph.errors import NotFoundError, UsageError
from generel_graph.graph import Graph

RSID, CODE, NAME, SYNONYM, TEXT = "rsid", "code", "name", "synonym", "text"
OFFERED = 200  # concepts a text that the full-text index may offer for an exact comparison
_SNP_PLACE = re.compile(r"GRCh3[678]:[^:\s]+:\d+(:[ACGTN*-]+:[ACGTN*-]+)?")


@dataclass(frozen=True, slots=True)
class Link:
    """What a text was found to name; `id` is None for a text that names nothing."""

    text: str
    resolved_by: str  # "rsid", "code", "name", "synonym" or "text"
    id: str | None = None  # of the cluster's representative; of an SNP its own
    kind: str | None = None
    name: str | None = None
    others: tuple[str, ...] = ()  # representatives of other clusters that the text names too

    @property
    def coded(self) -> bool:
        """Whether the text can only be an rsID, a place or a code: it means nothing as words."""
        return _code_of(self.text) is not None


def link(graph: Graph, text: str) -> Link:
    """Find what `text` names.

    Raises UsageError for an empty text, NotFoundError for an rsID, or a code of a known vocabulary, that the
    graph does not have: such a thing means nothing as a text.
    """
    text = tidy(text)
    if not text:
        raise UsageError("there is nothing to search for", next_step="give a text, a code, an rsID or a gene symbol")
    found = link_all(graph, [text])[text]
    if found.id is None and (what := _code_of(text)):
        raise NotFoundError(
            f"the graph has no such {'SNP' if what.startswith(('rs', 'GRCh')) else 'code'}",
            where=graph.uri,
            found=what,
            next_step="load a source that has it, or ask by name",
        )
    return found


def link_all(graph: Graph, texts: Iterable[str]) -> dict[str, Link]:
    """Find what each text names, in two statements for all; keys are the tidied texts."""
    wanted = list(dict.fromkeys(filter(None, map(tidy, texts))))
    found: dict[str, Link] = {}
    codes = {text: code for text in wanted if (code := normalise_rsid(text) or _place(text) or normalise_curie(text))}
    if codes:
        rows = graph.rows("ask/find_codes", codes=[{"code": c, "term": quoted(c)} for c in sorted(set(codes.values()))])
        by_code = _group(rows, "code")
        for text, code in codes.items():
            if code in by_code:
                found[text] = _choose(text, RSID if normalise_rsid(text) else CODE, by_code[code])
    rest = [text for text in wanted if text not in found]
    if rest:
        rows = graph.rows("ask/find_names", texts=[_question(text) for text in rest], limit=OFFERED)
        by_text = _group(rows, "text")
        for text in rest:
            candidates = by_text.get(text.lower())
            found[text] = _choose(text, "", candidates) if candidates else Link(text, TEXT)
    return found


def tidy(text: str) -> str:
    """One blank between words, none around."""
    return " ".join(text.split())


def quoted(text: str) -> str:
    """A Lucene phrase of a text."""
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def _place(text: str) -> str | None:
    return text if _SNP_PLACE.fullmatch(text) else None


def _code_of(text: str) -> str | None:
    """The normalised form of a text that can only be an rsID, a place or a code of a known vocabulary."""
    code = normalise_curie(text)
    return normalise_rsid(text) or _place(text) or (code if code and prefix_of(code) in BY_NAME else None)


def _question(text: str) -> dict[str, Any]:
    phrase = quoted(text)
    spellings = dict.fromkeys((text, text.lower(), text.upper(), text.capitalize(), text[:1].upper() + text[1:]))
    return {
        "text": text.lower(),
        "spellings": list(spellings),
        "query": f"name:{phrase} OR synonyms:{phrase} OR description:{phrase}",
    }


def _group(rows: Sequence[Mapping[str, Any]], key: str) -> dict[str, list[Mapping[str, Any]]]:
    groups: dict[str, list[Mapping[str, Any]]] = {}
    for row in rows:
        groups.setdefault(row[key], []).append(row)
    return groups


def _choose(text: str, resolved_by: str, candidates: Sequence[Mapping[str, Any]]) -> Link:
    """The best candidate's cluster: own id or name before cross-reference or synonym, the exact spelling
    first, representatives first, then by kind and by number of edges."""

    def order(row: Mapping[str, Any]) -> tuple[Any, ...]:
        kind = KINDS.index(row["kind"]) if row["kind"] in KINDS else len(KINDS)
        return (
            row["place"],
            row["name"] != text,
            row["id"] != row["cluster"],
            kind,
            -row["degree"],
            row["id"],
        )

    ranked = sorted(candidates, key=order)
    best = ranked[0]
    head = next((row for row in ranked if row["id"] == best["cluster"]), None)
    others = dict.fromkeys(row["cluster"] for row in ranked if row["cluster"] != best["cluster"])
    return Link(
        text,
        resolved_by or (NAME if best["place"] == 0 else SYNONYM),
        best["cluster"],
        (head or best)["kind"],
        (head or best)["name"],
        tuple(others),
    )
