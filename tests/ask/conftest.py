"""A small graph with known answers, and a toy space whose directions have a meaning."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

import numpy as np
import pytest

from generel_etl.errors import NotFoundError
from generel_graph.ask import SearchQuery, SearchResult, search
from generel_graph.ask.space import Locus, SnpVector, TrainingExposure
from generel_graph.embed import ModelRecord, activate, write_model
from generel_graph.graph import Graph
from generel_graph.load.schema import create_indexes, create_keys

DIMENSION = 8
IMMUNE, SUGAR, HEART = np.eye(DIMENSION, dtype=np.float32)[:3]
OTHER = np.eye(DIMENSION, dtype=np.float32)[4]

CONCEPTS = (  # id, kind, name, cluster, synonyms, xrefs, where it lies
    (
        "MONDO:0008383",
        "Disease",
        "rheumatoid arthritis",
        None,
        ["RA", "rheumatoid disease"],
        ["DOID:7148"],
        IMMUNE,
    ),
    ("EFO:0000685", "Trait", "Rheumatoid arthritis", "MONDO:0008383", [], [], IMMUNE + 0.05 * OTHER),
    (
        "MONDO:0005147",
        "Disease",
        "type 1 diabetes",
        None,
        ["T1D", "juvenile diabetes"],
        [],
        IMMUNE + 0.6 * SUGAR,
    ),
    ("MONDO:0005148", "Disease", "type 2 diabetes", None, ["T2D"], ["UMLS:C0011860"], SUGAR),
    ("MONDO:0005010", "Disease", "coronary artery disease", None, ["CAD"], [], HEART),
    ("HP:0001370", "Phenotype", "joint stiffness", None, ["stiff joints"], [], IMMUNE + 0.3 * OTHER),
    ("HGNC:9652", "Gene", "PTPN22", None, ["LYP"], ["ENSEMBL:ENSG00000134242"], IMMUNE + 0.2 * SUGAR),
    ("HGNC:6081", "Gene", "INS", None, [], [], SUGAR + 0.1 * OTHER),
    ("HGNC:2505", "Gene", "CTLA4", None, ["CD152"], [], IMMUNE + 0.25 * OTHER),
    ("DRUGBANK:DB01281", "Drug", "abatacept", None, ["Orencia"], [], IMMUNE - 0.2 * OTHER),
)
SNPS = (  # id, chromosome, position, alleles, where it lies
    ("rs2476601", "1", 113834946, ["A", "G"], IMMUNE + 0.5 * SUGAR),
    ("rs231775", "2", 203867991, [], IMMUNE + 0.1 * OTHER),
    ("rs3087243", "2", 203874196, [], IMMUNE + 0.2 * OTHER),
    ("rs689", "11", 2160994, ["A", "T"], SUGAR),
    ("rs1333049", "9", 22125503, ["C", "G"], HEART),
)
EDGES = (  # type, start, end, properties
    (
        "ASSOCIATED_WITH",
        "rs2476601",
        "MONDO:0008383",
        {
            "effect_allele": "A",
            "other_allele": "G",
            "odds_ratio": 1.8,
            "ci_low": 1.6,
            "ci_high": 2.0,
            "published": date(2007, 6, 7),
            "pubmed_id": "17554300",
        },
    ),
    (
        "ASSOCIATED_WITH",
        "rs2476601",
        "MONDO:0005147",
        {"effect_allele": "T", "odds_ratio": 1.9, "published": date(2004, 4, 1), "pubmed_id": "15004560"},
    ),
    (
        "ASSOCIATED_WITH",
        "rs2476601",
        "MONDO:0005010",
        {
            "effect_allele": "G",
            "odds_ratio": 1.25,
            "ci_low": 1.0,
            "ci_high": 1.6,
            "published": date(2012, 1, 1),
            "pubmed_id": "3",
        },
    ),
    ("ASSOCIATED_WITH", "rs2476601", "MONDO:0005148", {"odds_ratio": 1.1, "pubmed_id": "4"}),
    ("ASSOCIATED_WITH", "rs231775", "MONDO:0005147", {"published": date(2007, 1, 1), "pubmed_id": "5"}),
    ("ASSOCIATED_WITH", "rs689", "MONDO:0005147", {"published": date(2006, 1, 1), "pubmed_id": "6"}),
    ("LOCATED_IN", "rs2476601", "HGNC:9652", {}),
    ("LOCATED_IN", "rs231775", "HGNC:2505", {}),
    ("NEAREST_TO", "rs3087243", "HGNC:2505", {"distance": 231}),
    ("LOCATED_IN", "rs689", "HGNC:6081", {}),
    ("TARGETS", "DRUGBANK:DB01281", "HGNC:2505", {}),
    ("TREATS", "DRUGBANK:DB01281", "MONDO:0008383", {}),
    ("HAS_PHENOTYPE", "EFO:0000685", "HP:0001370", {}),
)
TRAINED_PAIRS = {frozenset(("DRUGBANK:DB01281", "MONDO:0005147")), frozenset(("HGNC:2505", "MONDO:0005010"))}
HELD_OUT_PAIRS = {frozenset(("DRUGBANK:DB01281", "MONDO:0005010"))}
TEXTS = {"morning joint stiffness": IMMUNE + 0.3 * OTHER, "sweet blood": SUGAR}


class ToySpace:
    """A space without halves; a gene and an SNP have the constant 2, so that constants are tested."""

    dimension = DIMENSION

    def __init__(self, model_id: str) -> None:
        self.model_id = model_id

    def text_vectors(self, texts: Sequence[str]) -> np.ndarray:
        found = [TEXTS.get(text, HEART) for text in texts]
        return np.stack(found).astype(np.float32)

    def is_truncated(self, text: str) -> bool:
        return len(text) > 100

    def snp_vectors(self, snps: Sequence[str]) -> dict[str, SnpVector | NotFoundError]:
        locus = Locus("GRCh38:9:22125000", ("CDKN2B-AS1",), 2, (), ("list",))
        known = {"rs4242": SnpVector(HEART + 0.1 * SUGAR, locus)}
        return {snp: known.get(snp) or NotFoundError("the graph has no such SNP", found=snp) for snp in snps}

    def effects(self, pairs, traits):
        """An effect that identifies the SNP, and a percentile that depends on the trait."""
        sizes = np.array([len(snp) / 100 for snp, _ in pairs])
        return sizes, np.array([100.0 * float(traits[trait][1] > 0.5) for _, trait in pairs])

    def training_exposure(self, left, right, edges):
        """Look up TRAINED_PAIRS and HELD_OUT_PAIRS; the one task is named "toy"."""

        def answer(pairs):
            return "yes" if pairs & TRAINED_PAIRS else "held out" if pairs & HELD_OUT_PAIRS else "no"

        found = answer({frozenset((a, b)) for a in left for b in right})
        return TrainingExposure(
            found, ("toy",) if found != "no" else (), tuple(answer({frozenset(edge)}) for edge in edges)
        )

    def query_vectors(self, vectors: np.ndarray, query_kind: str, hit_kind: str | None) -> tuple[np.ndarray, float]:
        return vectors, 2.0 if {query_kind, hit_kind} == {"Gene", "SNP"} else 1.0


def ids(answer: SearchResult) -> list[str]:
    """The hits' ids, best first."""
    return [hit.id for hit in answer.hits]


@dataclass
class World:
    """The small graph with an active model, and the vector of each node."""

    graph: Graph
    vectors: dict[str, np.ndarray] = field(default_factory=dict)

    space = ToySpace

    def ask(self, text: str | Sequence[str], *args: Any, **how: Any) -> SearchResult:
        """What `search` answers; arguments are those of `Question.read`."""
        return search(self.graph, self.spaces, SearchQuery.read(text, *args, **how))

    def spaces(self, model_id: str) -> ToySpace:
        return ToySpace(model_id)

    @staticmethod
    def concept(
        id_: str,
        kind: str,
        name: str,
        cluster: str | None = None,
        synonyms: Sequence[str] = (),
        xrefs: Sequence[str] = (),
    ) -> dict:
        props = {
            "kind": kind,
            "name": name,
            "cluster": cluster or id_,
            "synonyms": list(synonyms) or None,
            "xrefs": list(xrefs) or None,
        }
        return {"id": id_, "labels": ["Concept", "Entity", kind], "remove": [], "props": props}

    @staticmethod
    def snp(id_: str, chromosome: str, position: int, alleles: Sequence[str] = ()) -> dict:
        props = {
            "kind": "SNP",
            "chromosome": chromosome,
            "position": position,
            "alleles": list(alleles) or None,
        }
        return {"id": id_, "labels": ["SNP", "Entity"], "remove": [], "props": props}

    def add(self, rows: list[dict], vectors: np.ndarray) -> None:
        """Add nodes and write all vectors as a further model, which becomes active."""
        self.graph.batches("load/merge_nodes", rows)
        self.vectors |= {row["id"]: vector for row, vector in zip(rows, vectors, strict=True)}
        self.write(f"toy-{len(self.vectors)}")

    def write(self, name: str) -> None:
        values = np.stack(list(self.vectors.values())).astype(np.float32)
        write_model(self.graph, ModelRecord(name, DIMENSION), list(self.vectors), values)
        activate(self.graph, name)


@pytest.fixture
def world(graph: Graph) -> World:
    return build(graph)


@pytest.fixture(scope="module")
def shared_world(lasting: Graph) -> World:
    """The same graph for all tests of one module; each test reverts its changes."""
    return build(lasting)


def build(graph: Graph, further: Callable[..., Sequence[tuple[dict, np.ndarray]]] | None = None) -> World:
    """The small graph in an empty database, with further nodes and their vectors; `further` gets snp and concept."""
    create_keys(graph)
    create_indexes(graph)
    made = World(graph)
    rows = [made.concept(i, kind, name, cluster, syn, xrefs) for i, kind, name, cluster, syn, xrefs, _ in CONCEPTS]
    rows += [made.snp(*row[:4]) for row in SNPS]
    more = further(made.snp, made.concept) if further else []
    places = [row[-1] for row in (*CONCEPTS, *SNPS)]
    made.add([*rows, *(row for row, _ in more)], np.stack([*places, *(place for _, place in more)]))
    for number, (kind, start, end, props) in enumerate(EDGES):
        edge = {"start": start, "end": end, "props": {"source": "toy", "key": f"{number:016x}", **props}}
        graph.batches("load/create_edges", [edge], type=kind)
    return made


@pytest.fixture(scope="session")
def build_world():
    """The function that builds the small graph, for modules whose tests share one."""
    return build
