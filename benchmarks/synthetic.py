"""Files and configuration of a synthetic knowledge graph with PrimeKG's size and shape.

Kinds and relations have about PrimeKG's shares (Chandak 2023, table 2). Within a relation, both endpoints are drawn
with weights rank^-0.6 … rank^-0.8, so that degrees follow a power law. The real files are not used.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import polars as pl
from numpy.typing import NDArray

from generel_graph.config import Config, load_config

# kind, prefix, digits of the local id, share of the nodes
KINDS = (
    ("Gene", "NCBIGene", 0, 0.214),
    ("Drug", "DRUGBANK", 5, 0.062),
    ("Disease", "MONDO", 7, 0.132),
    ("Phenotype", "HP", 7, 0.119),
    ("AnatomicalEntity", "UBERON", 7, 0.109),
    ("BiologicalProcess", "GO", 7, 0.222),
    ("MolecularActivity", "GO", 7, 0.086),
    ("CellularComponent", "GO", 7, 0.032),
    ("Pathway", "REACTOME", 0, 0.018),
    ("Concept", "MESH", 0, 0.006),
)


@dataclass(frozen=True, slots=True)
class Link:
    """One relation: type, the source's term, kinds of its endpoints, share of the edges."""

    type: str
    relation: str
    start: str
    end: str
    share: float
    symmetric: bool = False


LINKS = (
    Link("EXPRESSED_IN", "expression present", "Gene", "AnatomicalEntity", 0.375),
    Link("INTERACTS_WITH", "synergistic interaction", "Drug", "Drug", 0.330, symmetric=True),
    Link("INTERACTS_WITH", "ppi", "Gene", "Gene", 0.079, symmetric=True),
    Link("HAS_PHENOTYPE", "phenotype present", "Disease", "Phenotype", 0.037),
    Link("PARTICIPATES_IN", "takes part in", "Gene", "BiologicalProcess", 0.036),
    Link("PARTICIPATES_IN", "located in", "Gene", "CellularComponent", 0.021),
    Link("PARTICIPATES_IN", "acts as", "Gene", "MolecularActivity", 0.017),
    Link("PARTICIPATES_IN", "member of", "Gene", "Pathway", 0.011),
    Link("GENE_ASSOCIATED_WITH", "associated with", "Gene", "Disease", 0.020),
    Link("HAS_SIDE_EFFECT", "side effect", "Drug", "Phenotype", 0.016),
    Link("IS_A", "subclass", "BiologicalProcess", "BiologicalProcess", 0.013),
    Link("IS_A", "subclass", "Disease", "Disease", 0.008),
    Link("CONTRAINDICATED_FOR", "contraindication", "Drug", "Disease", 0.008),
    Link("TARGETS", "target", "Drug", "Gene", 0.004),
    Link("HAS_ENZYME", "enzyme", "Drug", "Gene", 0.002),
    Link("HAS_TRANSPORTER", "transporter", "Drug", "Gene", 0.001),
    Link("DOWNREGULATED_IN", "expression absent", "Gene", "AnatomicalEntity", 0.005),
    Link("TREATS", "indication", "Drug", "Disease", 0.002),
    Link("USED_OFF_LABEL_FOR", "off-label use", "Drug", "Disease", 0.001),
    Link("RESEMBLES", "similar", "Disease", "Disease", 0.009, symmetric=True),
    Link("CAUSES", "linked to", "Concept", "Disease", 0.003),
    Link("PART_OF", "part of", "AnatomicalEntity", "AnatomicalEntity", 0.004),
)
WORDS = "ba ce di fo gu ka lo mi nu pe ra si tu va xe yl zo ster ine oma itis osis ase"
SYLLABLES = tuple(WORDS.split())
MAX_DENSITY = 0.3  # of a relation: its share of all possible pairs
NODE_SCHEMA = pl.Schema(
    dict.fromkeys(("id", "kind", "name", "description", "synonyms", "xrefs"), pl.String)  # lists with "|"
)


def nodes(number: int, seed: int) -> pl.DataFrame:
    """About `number` concepts of ten kinds, with names, synonyms and cross-references (columns of NODE_SCHEMA)."""
    random = np.random.default_rng(seed)
    parts = []
    begin = 0
    for kind, prefix, digits, share in KINDS:
        n = max(int(number * share), 20)
        local = np.arange(begin + 1, begin + n + 1)  # one run of numbers, since three kinds share GO
        begin += n
        words = np.asarray(SYLLABLES)[random.integers(0, len(SYLLABLES), (n, 5))]
        stems = ["".join(row) for row in words.tolist()]
        start = "DB" if prefix == "DRUGBANK" else "D" if prefix == "MESH" else ""
        lead = "R-HSA-" if prefix == "REACTOME" else start
        synonyms, xrefs = random.poisson(1.5, n), random.poisson(1.2, n)
        parts.append(
            pl.DataFrame(
                {
                    "id": [f"{prefix}:{lead}{i:0{digits}d}" for i in local],
                    "kind": kind,
                    "name": [f"{stem} {kind.lower()} {i}" for stem, i in zip(stems, local, strict=True)],
                    "description": [f"a {kind.lower()} that is called {stem}" for stem in stems],
                    "synonyms": [
                        "|".join(f"{stem[::-1]} {i}-{k}" for k in range(m))
                        for stem, i, m in zip(stems, local, synonyms, strict=True)
                    ],
                    "xrefs": [
                        "|".join(f"UMLS:C{i * 10 + k:07d}" for k in range(m)) for i, m in zip(local, xrefs, strict=True)
                    ],
                },
                schema=NODE_SCHEMA,
            )
        )
    return pl.concat(parts)


def edges(concepts: pl.DataFrame, number: int, seed: int) -> pl.DataFrame:
    """About `number` different edges of `concepts`, shuffled: start, predicate, end, relation, weight."""
    random = np.random.default_rng(seed + 1)
    ids = {str(kind): part["id"].to_numpy() for (kind,), part in concepts.group_by("kind")}
    seen: dict[tuple[str, str, str], NDArray[np.int64]] = {}
    parts = []
    for link in LINKS:
        starts, ends = ids[link.start], ids[link.end]
        most = int(len(starts) * len(ends) * MAX_DENSITY / (2 if link.symmetric else 1))
        key = (link.type, link.start, link.end)
        codes = _pairs(random, len(starts), len(ends), min(int(number * link.share), most), link)
        if key in seen:
            codes = np.setdiff1d(codes, seen[key])
        seen[key] = codes
        parts.append(
            pl.DataFrame(
                {
                    "start": starts[codes // len(ends)],
                    "predicate": link.type,
                    "end": ends[codes % len(ends)],
                    "relation": link.relation,
                    "weight": np.round(random.beta(4, 2, len(codes)) * 0.99 + 0.01, 3),
                }
            )
        )
    table = pl.concat(parts)
    return table[random.permutation(table.height)]


def _pairs(random: np.random.Generator, starts: int, ends: int, number: int, link: Link) -> NDArray[np.int64]:
    """`number` different pairs as start × ends + end, sorted."""
    left, right = _drawing(random, starts, 0.6), _drawing(random, ends, 0.8)
    codes = np.empty(0, dtype=np.int64)
    while len(codes) < number:
        more = max(int((number - len(codes)) * 1.5), 1000)
        a = left[1][np.searchsorted(left[0], random.random(more))]
        b = right[1][np.searchsorted(right[0], random.random(more))]
        if link.start == link.end:
            different = a != b
            a, b = a[different], b[different]
        if link.symmetric:
            a, b = np.minimum(a, b), np.maximum(a, b)
        codes = np.union1d(codes, a * ends + b)
    return np.sort(random.choice(codes, number, replace=False))


def _drawing(random: np.random.Generator, n: int, power: float) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """Cumulative weights of a power law, up to 1, and the node of each rank."""
    weights = np.arange(1, n + 1, dtype=np.float64) ** -power
    sums = np.cumsum(weights / weights.sum())
    sums[-1] = 1.0
    return sums, random.permutation(n).astype(np.int64)


def linked_concepts(concepts: pl.DataFrame, links: pl.DataFrame) -> pl.DataFrame:
    """The concepts with at least one edge."""
    linked = pl.concat([links["start"], links["end"]]).unique()
    return concepts.filter(pl.col("id").is_in(linked.implode()))


def write_project(
    folder: Path, concepts: pl.DataFrame, links: dict[str, pl.DataFrame], *, version: str, extension: str = "tsv"
) -> Config:
    """Write a project: `vocabulary` and each table of `links` as a file and a source, and its configuration."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, table in {"vocabulary": concepts, **links}.items():
        write(folder, name, table, extension)
    return configure(folder, list(links), version=version, extension=extension)


def configure(folder: Path, links: list[str], *, version: str, extension: str = "tsv") -> Config:
    """Write and read the configuration of a project whose files exist."""
    columns = ", ".join(f'{column} = "{column}"' for column in NODE_SCHEMA)
    text = f"""data_dir = "."

[neo4j]
version = "{version}"
heap = "2g"
page_cache = "1g"
browser = false

[sources.vocabulary]
reader = "table"
files = ["vocabulary.{extension}"]
node = "concept"
columns = {{ {columns} }}
"""
    for name in links:
        text += f"""
[sources.{name}]
reader = "table"
files = ["{name}.{extension}"]
columns = {{ start_id = "start", predicate = "predicate", end_id = "end", relation = "relation", weight = "weight" }}
"""
    path = folder / "generel.toml"
    path.write_text(text, encoding="utf-8")
    return load_config(path, environment={})


def write(folder: Path, name: str, table: pl.DataFrame, extension: str) -> None:
    """Write one table as `<name>.<extension>` (tsv or parquet)."""
    path = folder / f"{name}.{extension}"
    if extension == "parquet":
        table.write_parquet(path)
    else:
        table.write_csv(path, separator="\t")
