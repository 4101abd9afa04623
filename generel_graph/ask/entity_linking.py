"""From a text to what it names: an rsID, a place, a code, a name or synonym; what names nothing stays a text."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from generel_etl.errors import NotFoundError, UsageError
from generel_etl.identifiers import BY_NAME, normalise_curie, normalise_rsid, normalise_snp, prefix_of
from generel_etl.schema import KINDS
from generel_graph.ask.clusters import EntityRef
from generel_graph.graph import Graph

RSID, CODE, POSITION, NAME, SYNONYM, TEXT = "rsid", "code", "position", "name", "synonym", "text"
LOCUS = "locus"  # of an SNP that is no node: it is placed by what lies around it
LONGEST = 1_000  # letters; a longer text is nobody's name
OFFERED = 200  # concepts a text that the full-text index may offer for an exact comparison
ANY_BUILD = "GRCh38"  # stands in where all that is asked is whether a text would be a place in some build


@dataclass(frozen=True, slots=True)
class EntityLink:
    """What a text was found to name; `id` is None for a text that names nothing."""

    text: str
    resolved_by: str  # "rsid", "code", "position", "name", "synonym" or "text"
    id: str | None = None  # of the cluster's representative; of an SNP its own
    kind: str | None = None
    name: str | None = None
    others: tuple[EntityRef, ...] = ()  # other clusters that the text names too, the likeliest first

    @property
    def coded(self) -> bool:
        """Whether the text can only be an rsID, a place or a code: it means nothing as words."""
        return _code_of(self.text) is not None or _lacks_build(self.text)

    @property
    def snp(self) -> str | None:
        """The id of an SNP that is no node, `rs…` or `build:chr:pos[:ref:alt]`; None for anything else."""
        return normalise_snp(self.text) if self.id is None else None


def ids_of(links: Iterable[EntityLink]) -> list[str]:
    """The ids of those that name a node."""
    return [found.id for found in links if found.id is not None]


def link(graph: Graph, text: str) -> EntityLink:
    """Find the node that `text` names; a text that names none is one to be encoded.

    Raises UsageError for an empty text, NotFoundError for an rsID, or a code of a known vocabulary, that the
    graph does not have: such a thing means nothing as a text.
    """
    found = link_or_snp(graph, text)
    if found.snp is not None:
        raise NotFoundError(
            "the graph has no such SNP",
            where=graph.uri,
            found=found.snp,
            next_step="load a source that has it, or ask by name",
        )
    return found


def link_or_snp(graph: Graph, text: str) -> EntityLink:
    """Find what `text` names, as `link` does; an SNP that is no node stays one that can be placed (`Link.snp`)."""
    text = tidy(text)
    if not text:
        raise UsageError("there is nothing to search for", next_step="give a text, a code, an rsID or a gene symbol")
    found = link_all(graph, [text])[text]
    if found.id is None and found.snp is None:
        if what := _code_of(text):
            raise NotFoundError(
                "the graph has no such code",
                where=graph.uri,
                found=what,
                next_step="load a source that has it, or ask by name",
            )
        if _lacks_build(text):
            raise UsageError(
                "a place means nothing without its build", found=text, next_step=f"ask for GRCh38:{text}, if it is that"
            )
    return found


def link_node(graph: Graph, text: str, where: str) -> str:
    """The id of the node, of a cluster its representative, that `text` names; raises NotFoundError for none."""
    found = link(graph, text)
    if found.id is None:
        raise NotFoundError(
            "this text names no node",
            where=where,
            found=text,
            next_step="give an rsID, a code, or a name as it is written",
        )
    return found.id


def link_all(graph: Graph, texts: Iterable[str]) -> dict[str, EntityLink]:
    """Find what each text names, in four statements for all; keys are the tidied texts."""
    wanted = list(dict.fromkeys(filter(None, map(tidy, texts))))
    found: dict[str, EntityLink] = {}
    codes = {text: code for text in wanted if (code := normalise_snp(text) or normalise_curie(text))}
    if codes:
        wanted_codes = sorted(set(codes.values()))
        by_code = _group(graph.rows("ask/find_ids", codes=wanted_codes), "code")
        others = [code for code in wanted_codes if code not in by_code and not normalise_rsid(code)]
        if others:  # what is an id of its own is no cross-reference, and full text costs ten times as much
            references = [{"code": code, "term": quoted(code)} for code in others]
            by_code |= _group(graph.rows("ask/find_references", codes=references), "code")
        for text, code in codes.items():
            if code in by_code:
                found[text] = _choose(text, RSID if normalise_rsid(text) else CODE, by_code[code])
        found |= _by_position(graph, {text: code for text, code in codes.items() if text not in found})
    found |= {text: EntityLink(text, TEXT) for text in wanted if text not in found and len(text) > LONGEST}
    rest = [text for text in wanted if text not in found]
    if rest:
        rows = graph.rows("ask/find_names", texts=[_question(text) for text in rest], limit=OFFERED)
        by_text = _group(rows, "text")
        for text in rest:
            candidates = by_text.get(text.lower())
            found[text] = _choose(text, "", candidates) if candidates else EntityLink(text, TEXT)
    return found


def tidy(text: str) -> str:
    """One blank between words, none around."""
    return " ".join(text.split())


def quoted(text: str) -> str:
    """A Lucene phrase of a text."""
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def place_of(snp: str) -> dict[str, Any] | None:
    """The parts of `build:chr:pos[:ref:alt]`: code, build, chromosome, position, alleles; None for an rsID."""
    if normalise_rsid(snp):
        return None
    build, chromosome, position, *alleles = snp.split(":")
    parts = {"build": build, "chromosome": chromosome, "position": int(position), "alleles": alleles}
    return {"code": snp, **parts}


def _by_position(graph: Graph, codes: Mapping[str, str]) -> dict[str, EntityLink]:
    """The one SNP of the graph that lies at a place; where several do, none is taken."""
    snps = {text: code for text, code in codes.items() if normalise_snp(code) == code}
    places = [place for code in sorted(set(snps.values())) if (place := place_of(code))]
    if not places:
        return {}
    at = _group(graph.rows("ask/find_positions", places=places), "code")
    return {text: _choose(text, POSITION, at[code]) for text, code in snps.items() if len(at.get(code, ())) == 1}


def _code_of(text: str) -> str | None:
    """The normalised form of a text that can only be an rsID, a place or a code of a known vocabulary."""
    code = normalise_curie(text)
    return normalise_snp(text) or (code if code and prefix_of(code) in BY_NAME else None)


def _lacks_build(text: str) -> bool:
    """Whether a text is a place that says no build: "chr1:1034943"."""
    return ":" in text and normalise_snp(text) is None and normalise_snp(text, ANY_BUILD) is not None


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


def _choose(text: str, resolved_by: str, candidates: Sequence[Mapping[str, Any]]) -> EntityLink:
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
    by_cluster = _group(ranked, "cluster")
    heads = {
        cluster: next((row for row in rows if row["id"] == cluster), rows[0]) for cluster, rows in by_cluster.items()
    }
    best, *others = (EntityRef(cluster, head["kind"], head["name"]) for cluster, head in heads.items())
    by = resolved_by or (NAME if ranked[0]["place"] == 0 else SYNONYM)
    return EntityLink(text, by, best.id, best.kind, best.name, tuple(others))
