"""The canonical tables: what every reader gives, and what `resolve` and `load` may rely on.

A reader returns `Tables`. Each table has a schema that is checked once, when the source is staged.
`row` numbers a source's rows from 1 across its files: it is what counts are counted by.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import dataframely as dy
import polars as pl

# Kinds of concept are Biolink's classes; a node's kind is its label again.
CONDITIONS = ("Disease", "Phenotype", "Trait")  # one kind, where equivalence and negatives are concerned
KINDS = (
    "SNP",
    *CONDITIONS,
    "Gene",
    "Drug",
    "DrugClass",
    "Pathway",
    "BiologicalProcess",
    "CellularComponent",
    "MolecularActivity",
    "AnatomicalEntity",
    "Concept",  # of no kind that is known
)
CONCEPT_KINDS = KINDS[1:]

# The properties that an edge may have beside source, key, digest, weight, flags and resolved_by.
EDGE_PROPERTIES: dict[str, pl.DataType | type[pl.DataType]] = {
    "relation": pl.String,  # as the source names it
    "study": pl.String,  # accession, else the publication's title
    "pubmed_id": pl.String,
    "published": pl.Date,
    "neg_log10_p": pl.Float64,  # >= 0
    "effect_allele": pl.String,
    "other_allele": pl.String,
    "effect_allele_frequency": pl.Float64,  # 0..1
    "beta": pl.Float64,
    "beta_unit": pl.String,
    "odds_ratio": pl.Float64,  # > 0
    "standard_error": pl.Float64,  # > 0; of beta, or of log odds ratio
    "ci_low": pl.Float64,  # 95 % interval, on the scale of the effect
    "ci_high": pl.Float64,
    "ancestry": pl.List(pl.String),  # broad groups
    "ancestry_text": pl.String,
    "sample_size": pl.Int64,
    "context": pl.String,
    "tissue": pl.String,
    "r2": pl.Float64,  # 0..1
    "population": pl.String,
    "consequence": pl.String,
    "distance": pl.Int64,  # base pairs, >= 0
    "cases": pl.Int64,
    "controls": pl.Int64,
    "cohort": pl.String,
    "count": pl.Int64,
    "expected": pl.Float64,
    "log_odds_ratio": pl.Float64,
    "ppmi": pl.Float64,  # >= 0
    "frequency": pl.Float64,  # 0..1, of a phenotype in a disease
}

# What tells one edge of a source from another between the same ends.
KEY_COLUMNS = ("study", "effect_allele", "tissue", "cohort", "population", "context", "relation")


class Concepts(dy.Schema):
    """Concepts that a source defines (`defined`) or mentions with a name; ids are normalised CURIEs.

    An obsolete or merged id is no row of its own: it stands in `alt_ids` of what replaces it
    (`replaced_by` of a dead term with one replacement, `alt_id`).
    """

    row = dy.Int64(nullable=False, min=1)
    id = dy.String(nullable=False, regex=r"^[A-Za-z0-9_.-]+:\S+$")
    kind = dy.String(nullable=False, check=lambda kind: kind.is_in(CONCEPT_KINDS))
    name = dy.String(nullable=True)
    description = dy.String(nullable=True)  # a gene's approved name; read after the name in texts
    synonyms = dy.List(dy.String(), nullable=False)  # EXACT ones
    other_synonyms = dy.List(dy.String(), nullable=False)  # broad, narrow, related: searched, never identity
    xrefs = dy.List(dy.String(), nullable=False)  # cross-references without qualification
    inexact_xrefs = dy.List(dy.String(), nullable=False)  # qualified as less than equivalent
    exact_matches = dy.List(dy.String(), nullable=False)  # stated as the same (SSSOM exactMatch)
    alt_ids = dy.List(dy.String(), nullable=False)  # ids that this one replaces
    defined = dy.Bool(nullable=False)
    on_mention = dy.Bool(nullable=False)  # a node only if another source names it, or it has a named child


class Snps(dy.Schema):
    """SNPs with their place: rsID, or `build:chr:pos[:ref:alt]` where there is none."""

    row = dy.Int64(nullable=False, min=1)
    id = dy.String(nullable=False, regex=r"^(rs[1-9]\d*|[^:\s]+:[^:\s]+:\d+(:[ACGTN*-]+:[ACGTN*-]+)?)$")
    chromosome = dy.String(nullable=True)  # 1..22, X, Y, MT
    position = dy.Int64(nullable=True, min=1)
    build = dy.String(nullable=True, regex=r"^GRCh3[678]$")
    alleles = dy.List(dy.String(), nullable=False)
    alt_ids = dy.List(dy.String(), nullable=False)  # rsIDs that were merged into this one
    on_mention = dy.Bool(nullable=False)  # a row of a SNP list: a node only if another source names it


class Edges(dy.Schema):
    """Statements that join two ends; an end is an id, or a name, or both (`resolve` finds its node).

    `key_columns` and properties are in EDGE_PROPERTIES. `on_mention`: stays in the stage unless another
    source names its SNP (of two SNPs, both). `staged`: stays there whoever names them, since the source's
    configuration says so (a pair below its `min_r2`). A symmetric type is put lower id first by `resolve`, not
    by the reader.
    """

    row = dy.Int64(nullable=False, min=1)
    type = dy.String(nullable=False, regex=r"^[A-Z][A-Z0-9_]*$")
    start_id = dy.String(nullable=True)
    start_kind = dy.String(nullable=False, check=lambda kind: kind.is_in(KINDS))
    start_name = dy.String(nullable=True)
    end_id = dy.String(nullable=True)
    end_kind = dy.String(nullable=False, check=lambda kind: kind.is_in(KINDS))
    end_name = dy.String(nullable=True)
    weight = dy.Float64(nullable=True, min=0.0, max=1.0)  # null: never sampled
    flags = dy.List(dy.String(), nullable=False)
    on_mention = dy.Bool(nullable=False)
    staged = dy.Bool(nullable=False)
    relation = dy.String(nullable=True)
    study = dy.String(nullable=True)
    pubmed_id = dy.String(nullable=True)
    published = dy.Date(nullable=True)
    neg_log10_p = dy.Float64(nullable=True, min=0.0)
    effect_allele = dy.String(nullable=True)
    other_allele = dy.String(nullable=True)
    effect_allele_frequency = dy.Float64(nullable=True, min=0.0, max=1.0)
    beta = dy.Float64(nullable=True)
    beta_unit = dy.String(nullable=True)
    odds_ratio = dy.Float64(nullable=True, min_exclusive=0.0)
    standard_error = dy.Float64(nullable=True, min=0.0)
    ci_low = dy.Float64(nullable=True)
    ci_high = dy.Float64(nullable=True)
    ancestry = dy.List(dy.String(), nullable=True)
    ancestry_text = dy.String(nullable=True)
    sample_size = dy.Int64(nullable=True, min=0)
    context = dy.String(nullable=True)
    tissue = dy.String(nullable=True)
    r2 = dy.Float64(nullable=True, min=0.0, max=1.0)
    population = dy.String(nullable=True)
    consequence = dy.String(nullable=True)
    distance = dy.Int64(nullable=True, min=0)
    cases = dy.Int64(nullable=True, min=0)
    controls = dy.Int64(nullable=True, min=0)
    cohort = dy.String(nullable=True)
    count = dy.Int64(nullable=True, min=0)
    expected = dy.Float64(nullable=True, min=0.0)
    log_odds_ratio = dy.Float64(nullable=True)
    ppmi = dy.Float64(nullable=True, min=0.0)
    frequency = dy.Float64(nullable=True, min=0.0, max=1.0)


class Rejects(dy.Schema):
    """Rows that nothing could be made of, with the reason."""

    row = dy.Int64(nullable=False, min=1)
    file = dy.String(nullable=False)
    line = dy.Int64(nullable=False, min=1)
    column = dy.String(nullable=False)
    found = dy.String(nullable=True)
    reason = dy.String(nullable=False)


class RowMultiplicities(dy.Schema):
    """How many rows of the files a row number stands for, where that is not one.

    For readers that only aggregates may leave: a reader of patients has one row number for all records of one fate.
    A number that has no record and no reject stays in the stage.
    """

    row = dy.Int64(nullable=False, min=1, primary_key=True)
    rows = dy.Int64(nullable=False, min=1)


TABLES: dict[str, type[dy.Schema]] = {
    "concepts": Concepts,
    "snps": Snps,
    "edges": Edges,
    "rejects": Rejects,
    "tallies": RowMultiplicities,
}


def empty(schema: type[dy.Schema]) -> pl.DataFrame:
    """A table of `schema` without rows."""
    return schema.create_empty()


PLACES: dict[str, type[pl.DataType]] = {"row": pl.Int64, "file": pl.String, "line": pl.Int64}


@dataclass(frozen=True, slots=True)
class Tables:
    """What a reader makes of its files; `rows_read` counts data rows (OBO: terms), headers not among them."""

    rows_read: int
    concepts: pl.DataFrame = field(default_factory=lambda: empty(Concepts))
    snps: pl.DataFrame = field(default_factory=lambda: empty(Snps))
    edges: pl.DataFrame = field(default_factory=lambda: empty(Edges))
    rejects: pl.DataFrame = field(default_factory=lambda: empty(Rejects))
    tallies: pl.DataFrame = field(default_factory=lambda: empty(RowMultiplicities))
    # Where rows stand (row, file, line), so that a record that breaks its schema can be found again.
    places: pl.DataFrame = field(default_factory=lambda: pl.DataFrame(schema=PLACES))


def with_multiplicities(rows: pl.DataFrame, tallies: pl.DataFrame) -> pl.DataFrame:
    """Add `rows`, how many rows of the files each of the distinct row numbers in `row` stands for."""
    return rows.join(tallies, on="row", how="left", maintain_order="left").with_columns(pl.col("rows").fill_null(1))


def conform(frame: pl.DataFrame, schema: type[dy.Schema]) -> pl.DataFrame:
    """Put a reader's frame into the columns, order and types of `schema`; absent columns get their empty value.

    Lists that may not be null become empty ones, booleans false, everything else null.
    """
    columns = []
    for name, dtype in schema.create_empty().schema.items():
        nullable = schema.columns()[name].nullable
        column = pl.col(name).cast(dtype) if name in frame.columns else pl.lit(None, dtype=dtype)
        if not nullable and isinstance(dtype, pl.List):
            column = column.fill_null(pl.lit([], dtype=dtype))
        elif not nullable and dtype == pl.Boolean:
            column = column.fill_null(False)
        columns.append(column.alias(name))
    return frame.select(columns)


SHARED = "Entity"


def labels(kind: str) -> list[str]:
    """All labels of a node of `kind`, sorted as the graph is documented: SNP or Concept, Entity, kind."""
    return ["SNP", SHARED] if kind == "SNP" else list(dict.fromkeys(["Concept", SHARED, kind]))
