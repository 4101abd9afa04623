"""The canonical tables: the data model that every reader returns and that `resolve` and `load` rely on.

A reader returns `Tables`. Each table has a schema that is checked once, when the source is staged.
`row` numbers the data rows of a source from 1 across its files; all counts are counts of these rows.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import dataframely as dy
import polars as pl

# Kinds of concepts are Biolink classes. The kind of a node is also one of its labels.
CONDITIONS = ("Disease", "Phenotype", "Trait")  # one kind for equivalence and for negatives
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
    "Concept",  # the kind is unknown
)
CONCEPT_KINDS = KINDS[1:]

# The id, kind and name of both endpoints of an edge.
ENDPOINT_COLUMNS = ("start_id", "start_kind", "start_name", "end_id", "end_kind", "end_name")
# These properties distinguish the edges of one source and type between the same two nodes.
KEY_COLUMNS = ("study", "effect_allele", "tissue", "cohort", "population", "context", "relation")


class Concepts(dy.Schema):
    """Concepts that a source defines (`defined`) or mentions with a name; ids are normalised CURIEs.

    An obsolete or merged id has no row. It is in `alt_ids` of the concept that replaces it (OBO: `alt_id`, or
    `replaced_by` of an obsolete term with one replacement).
    """

    row = dy.Int64(nullable=False, min=1)  # the row number in the source
    id = dy.String(nullable=False, regex=r"^[A-Za-z0-9_.-]+:\S+$")  # a CURIE
    kind = dy.String(nullable=False, check=lambda kind: kind.is_in(CONCEPT_KINDS))  # a Biolink class
    name = dy.String(nullable=True)  # the preferred name
    description = dy.String(nullable=True)  # a gene: its approved name; follows the name in the text to encode
    synonyms = dy.List(dy.String(), nullable=False)  # of scope EXACT
    other_synonyms = dy.List(dy.String(), nullable=False)  # broad, narrow or related: searched, never identity
    xrefs = dy.List(dy.String(), nullable=False)  # cross-references without qualification
    inexact_xrefs = dy.List(dy.String(), nullable=False)  # cross-references that are qualified as less than equivalent
    exact_matches = dy.List(dy.String(), nullable=False)  # stated to be equivalent (SSSOM exactMatch)
    alt_ids = dy.List(dy.String(), nullable=False)  # obsolete ids that this id replaces
    defined = dy.Bool(nullable=False)  # true: the source defines the concept; false: it mentions it
    # Load the concept only if another source mentions it or one of its descendants.
    load_if_mentioned = dy.Bool(nullable=False)


class Snps(dy.Schema):
    """SNPs with their positions; the id is the rsID, or `build:chr:pos[:ref:alt]` if there is none."""

    row = dy.Int64(nullable=False, min=1)  # the row number in the source
    id = dy.String(
        nullable=False, regex=r"^(rs[1-9]\d*|[^:\s]+:[^:\s]+:\d+(:[ACGTN*-]+:[ACGTN*-]+)?)$"
    )  # the rsID, or the position
    chromosome = dy.String(nullable=True)  # 1..22, X, Y, MT
    position = dy.Int64(nullable=True, min=1)  # 1-based
    build = dy.String(nullable=True, regex=r"^GRCh3[678]$")  # GRCh36, GRCh37 or GRCh38
    alleles = dy.List(dy.String(), nullable=False)  # the known alleles
    alt_ids = dy.List(dy.String(), nullable=False)  # rsIDs that were merged into this one
    load_if_mentioned = dy.Bool(nullable=False)  # load the SNP only if another source mentions it (an SNP list)


class Edges(dy.Schema):
    """Edges between two endpoints. An endpoint has an id, a name, or both; `resolve` finds its node.

    The columns after `keep_staged` are the properties of an edge (EDGE_PROPERTIES). `resolve`, not the reader,
    orders the endpoints of a symmetric type.
    """

    row = dy.Int64(nullable=False, min=1)  # the row number in the source
    type = dy.String(nullable=False, regex=r"^[A-Z][A-Z0-9_]*$")  # the relationship type
    start_id = dy.String(nullable=True)  # the id of the start
    start_kind = dy.String(nullable=False, check=lambda kind: kind.is_in(KINDS))  # the kind of the start
    start_name = dy.String(nullable=True)  # the name of the start
    end_id = dy.String(nullable=True)  # the id of the end
    end_kind = dy.String(nullable=False, check=lambda kind: kind.is_in(KINDS))  # the kind of the end
    end_name = dy.String(nullable=True)  # the name of the end
    weight = dy.Float64(nullable=True, min=0.0, max=1.0)  # null: the edge is never sampled in training
    flags = dy.List(dy.String(), nullable=False)  # marks of doubtful or special values
    load_if_mentioned = dy.Bool(nullable=False)  # load the edge only if another source mentions every SNP of it
    keep_staged = dy.Bool(nullable=False)  # never load the edge: the configuration excludes it (r2 below `min_r2`)
    relation = dy.String(nullable=True)  # the source's own name of the relation
    study = dy.String(nullable=True)  # accession, or the title of the publication
    pubmed_id = dy.String(nullable=True)  # the PubMed id of the publication
    published = dy.Date(nullable=True)  # the date of publication
    neg_log10_p = dy.Float64(nullable=True, min=0.0)  # −log10 of the p-value
    effect_allele = dy.String(nullable=True)  # the allele to which the effect refers
    other_allele = dy.String(nullable=True)  # the other allele
    effect_allele_frequency = dy.Float64(nullable=True, min=0.0, max=1.0)  # the frequency of the effect allele
    beta = dy.Float64(nullable=True)  # the effect of the effect allele
    beta_unit = dy.String(nullable=True)  # the unit of beta
    odds_ratio = dy.Float64(nullable=True, min_exclusive=0.0)  # of the effect allele
    standard_error = dy.Float64(nullable=True, min=0.0)  # of beta, or of the log odds ratio
    ci_low = dy.Float64(nullable=True)  # 95 % confidence interval, on the scale of the effect
    ci_high = dy.Float64(nullable=True)  # upper limit of the interval
    ancestry = dy.List(dy.String(), nullable=True)  # broad groups of ancestry
    ancestry_text = dy.String(nullable=True)  # the source's description of the sample
    sample_size = dy.Int64(nullable=True, min=0)  # the number of people
    context = dy.String(nullable=True)  # the circumstances, such as the disease of a pair
    tissue = dy.String(nullable=True)  # the tissue of an eQTL
    r2 = dy.Float64(nullable=True, min=0.0, max=1.0)  # the squared correlation of two SNPs
    population = dy.String(nullable=True)  # the population of an LD value
    consequence = dy.String(nullable=True)  # the effect of a variant on a gene
    distance = dy.Int64(nullable=True, min=0)  # base pairs
    cases = dy.Int64(nullable=True, min=0)  # the number of cases
    controls = dy.Int64(nullable=True, min=0)  # the number of controls
    cohort = dy.String(nullable=True)  # the cohort of the data
    count = dy.Int64(nullable=True, min=0)  # how often both occur together
    expected = dy.Float64(nullable=True, min=0.0)  # the count that is expected by chance
    log_odds_ratio = dy.Float64(nullable=True)  # of the co-occurrence
    ppmi = dy.Float64(nullable=True, min=0.0)  # positive pointwise mutual information, in bits
    frequency = dy.Float64(nullable=True, min=0.0, max=1.0)  # of a phenotype in a disease


# The properties that a relationship in the graph may have beside source, key, digest, weight, flags and resolved_by.
EDGE_PROPERTIES: dict[str, pl.DataType | type[pl.DataType]] = {
    name: dtype
    for name, dtype in Edges.create_empty().schema.items()
    if name not in ("row", "type", *ENDPOINT_COLUMNS, "weight", "flags", "load_if_mentioned", "keep_staged")
}


class Rejects(dy.Schema):
    """Rows that could not be used, with the reason."""

    row = dy.Int64(nullable=False, min=1)  # the row number in the source
    file = dy.String(nullable=False)  # the name of the file
    line = dy.Int64(nullable=False, min=1)  # the line in the file
    column = dy.String(nullable=False)  # the column with the invalid value
    found = dy.String(nullable=True)  # the invalid value
    reason = dy.String(nullable=False)  # why the row is rejected


class RowMultiplicities(dy.Schema):
    """The number of rows that share one row number, if it is not 1.

    Readers of patient data may output only aggregates: all records with the same outcome share one row number.
    A row number without a record and without a reject counts as staged.
    """

    row = dy.Int64(nullable=False, min=1, primary_key=True)  # the row number in the source
    rows = dy.Int64(nullable=False, min=1)  # the number of file rows with this row number


TABLES: dict[str, type[dy.Schema]] = {
    "concepts": Concepts,
    "snps": Snps,
    "edges": Edges,
    "rejects": Rejects,
    "multiplicities": RowMultiplicities,
}


LOCATIONS: dict[str, type[pl.DataType]] = {"row": pl.Int64, "file": pl.String, "line": pl.Int64}


@dataclass(frozen=True, slots=True)
class Tables:
    """The tables of one source; `rows_read` is its number of data rows (OBO: terms), without headers."""

    rows_read: int
    concepts: pl.DataFrame = field(default_factory=Concepts.create_empty)
    snps: pl.DataFrame = field(default_factory=Snps.create_empty)
    edges: pl.DataFrame = field(default_factory=Edges.create_empty)
    rejects: pl.DataFrame = field(default_factory=Rejects.create_empty)
    multiplicities: pl.DataFrame = field(default_factory=RowMultiplicities.create_empty)
    # File and line of each row, for the rejects of records that violate their schema.
    locations: pl.DataFrame = field(default_factory=lambda: pl.DataFrame(schema=LOCATIONS))


def with_multiplicities(rows: pl.DataFrame, multiplicities: pl.DataFrame) -> pl.DataFrame:
    """Add a column `rows`: the number of file rows that each row number in `row` counts for."""
    return rows.join(multiplicities, on="row", how="left", maintain_order="left").with_columns(
        pl.col("rows").fill_null(1)
    )


def conform(frame: pl.DataFrame, schema: type[dy.Schema]) -> pl.DataFrame:
    """Cast a frame to the columns, order and types of `schema`; missing columns are filled with empty values.

    Nulls in a required list column become empty lists, nulls in a required boolean column become false.
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


ENTITY_LABEL = "Entity"  # the label of every node


def node_labels(kind: str) -> list[str]:
    """All labels of a node of `kind`: SNP or Concept, Entity, and the kind."""
    return ["SNP", ENTITY_LABEL] if kind == "SNP" else list(dict.fromkeys(["Concept", ENTITY_LABEL, kind]))
