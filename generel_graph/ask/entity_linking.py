"""Resolve a text to the node that it names: by rsID, position, code, name or synonym; otherwise it is free text."""

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
LOCUS = "locus"  # an SNP not in the graph, whose vector is computed from its locus
LONGEST = 1_000  # characters; names are shorter
OFFERED = 200  # candidates per text from the full-text index, for an exact comparison
ANY_BUILD = "GRCh38"  # used to test whether a text is a position without a build


@dataclass(frozen=True, slots=True)
class EntityLink:
    """The node that a text names; `id` is None if it names none."""

    text: str
    resolved_by: str  # "rsid", "code", "position", "name", "synonym" or "text"
    id: str | None = None  # of the cluster's representative; of an SNP its own
    kind: str | None = None
    name: str | None = None
    others: tuple[EntityRef, ...] = ()  # other clusters that the text names, the best match first

    @property
    def is_code(self) -> bool:
        """Whether the text can only be an rsID, a position or a code, and has no meaning as words."""
        return _code_of(self.text) is not None or _lacks_build(self.text)

    @property
    def snp(self) -> str | None:
        """The id of an SNP not in the graph, `rs…` or `build:chr:pos[:ref:alt]`; None for anything else."""
        return normalise_snp(self.text) if self.id is None else None


def ids_of(links: Iterable[EntityLink]) -> list[str]:
    """The ids of the links that name a node."""
    return [link.id for link in links if link.id is not None]


def link(graph: Graph, text: str) -> EntityLink:
    """The node that `text` names; a link without an id is free text.

    Raises UsageError for an empty text, NotFoundError for an rsID, or a code of a known vocabulary, that is not in the
    graph, because it has no meaning as free text.
    """
    result = link_or_snp(graph, text)
    if result.snp is not None:
        raise NotFoundError(
            "the graph has no such SNP",
            where=graph.uri,
            found=result.snp,
            next_step="load a source that has it, or use a name",
        )
    return result


def link_or_snp(graph: Graph, text: str) -> EntityLink:
    """As `link`, but an SNP that is not in the graph is no error: `EntityLink.snp` has its id."""
    text = tidy(text)
    if not text:
        raise UsageError("no text to search for", next_step="give a text, a code, an rsID or a gene symbol")
    result = link_all(graph, [text])[text]
    if result.id is None and result.snp is None:
        if code := _code_of(text):
            raise NotFoundError(
                "the graph has no such code",
                where=graph.uri,
                found=code,
                next_step="load a source that has it, or use a name",
            )
        if _lacks_build(text):
            raise UsageError(
                "a position needs a genome build", found=text, next_step=f"write GRCh38:{text}, if that is its build"
            )
    return result


def link_node(graph: Graph, text: str, where: str) -> str:
    """The id of the node, or cluster representative, that `text` names; raises NotFoundError if it names none."""
    result = link(graph, text)
    if result.id is None:
        raise NotFoundError(
            "this text names no node",
            where=where,
            found=text,
            next_step="give an rsID, a code, or an exact name",
        )
    return result.id


def link_all(graph: Graph, texts: Iterable[str]) -> dict[str, EntityLink]:
    """The link of each text, by its tidied text; all texts share four statements."""
    wanted = list(dict.fromkeys(filter(None, map(tidy, texts))))
    links: dict[str, EntityLink] = {}
    codes = {text: code for text in wanted if (code := normalise_snp(text) or normalise_curie(text))}
    if codes:
        wanted_codes = sorted(set(codes.values()))
        by_code = _group(graph.rows("ask/find_ids", codes=wanted_codes), "code")
        others = [code for code in wanted_codes if code not in by_code and not normalise_rsid(code)]
        if others:  # codes that are no ids are looked up as cross-references; full text is ten times slower
            references = [{"code": code, "term": quoted(code)} for code in others]
            by_code |= _group(graph.rows("ask/find_references", codes=references), "code")
        for text, code in codes.items():
            if code in by_code:
                links[text] = _choose(text, RSID if normalise_rsid(text) else CODE, by_code[code])
        links |= _by_position(graph, {text: code for text, code in codes.items() if text not in links})
    links |= {text: EntityLink(text, TEXT) for text in wanted if text not in links and len(text) > LONGEST}
    rest = [text for text in wanted if text not in links]
    if rest:
        rows = graph.rows("ask/find_names", texts=[_name_query(text) for text in rest], limit=OFFERED)
        by_text = _group(rows, "text")
        for text in rest:
            candidates = by_text.get(text.lower())
            links[text] = _choose(text, "", candidates) if candidates else EntityLink(text, TEXT)
    return links


def tidy(text: str) -> str:
    """The text with single blanks between words and none around it."""
    return " ".join(text.split())


def quoted(text: str) -> str:
    """A Lucene phrase of a text."""
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def position_of(snp: str) -> dict[str, Any] | None:
    """The parts of `build:chr:pos[:ref:alt]`: code, build, chromosome, position, alleles; None for an rsID."""
    if normalise_rsid(snp):
        return None
    build, chromosome, position, *alleles = snp.split(":")
    parts = {"build": build, "chromosome": chromosome, "position": int(position), "alleles": alleles}
    return {"code": snp, **parts}


def _by_position(graph: Graph, codes: Mapping[str, str]) -> dict[str, EntityLink]:
    """The SNP of the graph at each position; positions with several SNPs are left out."""
    snps = {text: code for text, code in codes.items() if normalise_snp(code) == code}
    positions = [position for code in sorted(set(snps.values())) if (position := position_of(code))]
    if not positions:
        return {}
    by_code = _group(graph.rows("ask/find_positions", positions=positions), "code")
    unique = {text: by_code[code] for text, code in snps.items() if len(by_code.get(code, ())) == 1}
    return {text: _choose(text, POSITION, rows) for text, rows in unique.items()}


def _code_of(text: str) -> str | None:
    """The normalised code of a text that can only be an rsID, a position or a code of a known vocabulary."""
    code = normalise_curie(text)
    return normalise_snp(text) or (code if code and prefix_of(code) in BY_NAME else None)


def _lacks_build(text: str) -> bool:
    """Whether a text is a position without a genome build, as "chr1:1034943"."""
    return ":" in text and normalise_snp(text) is None and normalise_snp(text, ANY_BUILD) is not None


def _name_query(text: str) -> dict[str, Any]:
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
    """The cluster of the best candidate.

    An id or name is preferred to a cross-reference or synonym, then the exact spelling, representatives, the order of
    KINDS, and the number of edges.
    """

    def order(row: Mapping[str, Any]) -> tuple[Any, ...]:
        kind = KINDS.index(row["kind"]) if row["kind"] in KINDS else len(KINDS)
        return (
            row["rank"],
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
    by = resolved_by or (NAME if ranked[0]["rank"] == 0 else SYNONYM)
    return EntityLink(text, by, best.id, best.kind, best.name, tuple(others))
