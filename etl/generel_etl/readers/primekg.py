"""PrimeKG's `kg.csv` (Chandak et al. 2023, doi:10.1038/s41597-023-01960-3): 12 columns, each edge in both directions.

    [sources.primekg]
    reader = "primekg"
    files = ["primekg/kg.csv"]

A row becomes one edge in its relation's own direction (`generel_etl.relations.PRIMEKG`), so that its mirror and its
repeats give the same edge and count as merged. Where a relation joins one type with itself the file does not keep
who is the parent: PARENT_OR_CHILD_OF, not IS_A. A disease of source MONDO_grouped stands for several MONDO terms:
it has an id of the source's own, its name, and those terms as inexact cross-references.
"""

from __future__ import annotations

from hashlib import blake2b

import polars as pl

from generel_etl.identifiers import curie
from generel_etl.parsing.delimited import Layout, check_columns, read_rows
from generel_etl.parsing.rejects import FILE, LINE, ROW, Check, gather, split_valid_rows
from generel_etl.reader import NoOptions, Reader, SourceFiles
from generel_etl.relations import PRIMEKG, nearest
from generel_etl.schema import Concepts, Edges, Tables, conform
from generel_etl.weights import CURATED

# fmt: off
COLUMNS = (
    "relation", "display_relation", "x_index", "x_id", "x_type", "x_name", "x_source",
    "y_index", "y_id", "y_type", "y_name", "y_source",
)
# fmt: on
KINDS_HERE = {
    "gene/protein": "Gene",
    "drug": "Drug",
    "disease": "Disease",
    "effect/phenotype": "Phenotype",
    "biological_process": "BiologicalProcess",
    "molecular_function": "MolecularActivity",
    "cellular_component": "CellularComponent",
    "anatomy": "AnatomicalEntity",
    "pathway": "Pathway",
    "exposure": "Concept",
}
PREFIXES_HERE = {
    "NCBI": "NCBIGene",
    "DrugBank": "DRUGBANK",
    "HPO": "HP",
    "MONDO": "MONDO",
    "GO": "GO",
    "UBERON": "UBERON",
    "REACTOME": "REACTOME",
    "CTD": "MESH",  # its chemicals are MeSH descriptors and supplements
}
GROUPED = "MONDO_grouped"
_NODE = ("source", "id", "type")


def read(files: SourceFiles, options: NoOptions) -> Tables:
    """Read the edges, and each node as a mention with its name; raises DataError for missing or unknown columns."""
    rows = read_rows(files, Layout(separator=",", quote='"'), needed=COLUMNS)
    found = [c for c in rows.frame.columns if c not in (ROW, FILE, LINE)]
    check_columns(found, COLUMNS, ", ".join(map(str, files.paths)), COLUMNS)
    frame = rows.frame.drop("x_index", "y_index").join(
        _relations(rows.frame), on=("relation", "display_relation"), how="left"
    )
    frame, refused = split_valid_rows(frame, _checks(frame))
    nodes = _nodes(frame)
    frame, unread = split_valid_rows(_named(frame, nodes), [_has_id("x"), _has_id("y")])
    return Tables(
        rows_read=rows.rows_read,
        concepts=_concepts(nodes),
        edges=_edges(frame),
        rejects=gather([rows.rejects, refused, unread]),
        places=rows.places,
    )


def _relations(frame: pl.DataFrame) -> pl.DataFrame:
    """The pairs of relation and display_relation that occur, with the type and its start's x_type."""
    pairs = frame.select("relation", "display_relation").unique().drop_nulls()
    known = {pair: PRIMEKG.get(pair) or PRIMEKG.get((pair[0], "")) or ("", "") for pair in pairs.rows()}
    types, starts = zip(*known.values(), strict=True) if known else ((), ())
    return pairs.with_columns(
        pl.Series("type", types, dtype=pl.String), pl.Series("start_type", starts, dtype=pl.String)
    )


def _checks(frame: pl.DataFrame) -> list[Check]:
    relations = [relation for relation, _ in PRIMEKG]
    joins = (pl.col("start_type") == "") | pl.any_horizontal(
        pl.col(c) == pl.col("start_type") for c in ("x_type", "y_type")
    )
    checks = [Check("relation", pl.col("type") != "", nearest("unknown relation", pl.col("relation"), relations))]
    for side in "xy":
        type_, source = f"{side}_type", f"{side}_source"
        checks += [
            Check(f"{side}_id", pl.col(f"{side}_id").is_not_null(), "no id"),
            Check(
                type_,
                pl.col(type_).is_in(list(KINDS_HERE)),
                nearest("unknown type", pl.col(type_), KINDS_HERE),
            ),
            Check(
                source,
                pl.col(source).is_in([*PREFIXES_HERE, GROUPED]),
                nearest("unknown vocabulary", pl.col(source), [*PREFIXES_HERE, GROUPED]),
            ),
        ]
    return [*checks, Check("x_type", joins, "neither end is of the type that this relation starts from")]


def _nodes(frame: pl.DataFrame) -> pl.DataFrame:
    """Each node once, by its first row: `source`, `id`, `type`, `name`, ROW, `curie`, `members`."""
    sides = [frame.select(ROW, *(pl.col(f"{side}_{name}").alias(name) for name in (*_NODE, "name"))) for side in "xy"]
    firsts = [side.unique(_NODE, keep="first", maintain_order=True) for side in sides]
    nodes = pl.concat(firsts).sort(ROW, maintain_order=True).unique(_NODE, keep="first", maintain_order=True)
    grouped = pl.col("source") == GROUPED
    prefix = pl.col("source").replace_strict(PREFIXES_HERE, default=None, return_dtype=pl.String)
    members = pl.col("id").str.split("_").list.eval(curie("MONDO:" + pl.element()))
    return nodes.with_columns(
        curie=pl.when(grouped)
        .then(pl.col("id").map_batches(_group_ids, return_dtype=pl.String))
        .otherwise(curie(pl.concat_str(prefix, pl.lit(":"), "id"))),
        members=pl.when(grouped).then(members),
    )


def _group_ids(values: pl.Series) -> pl.Series:
    """Ids of groups of MONDO terms: a digest of their sorted numbers, since some hold hundreds."""
    return pl.Series(
        values.name,
        [
            None
            if text is None
            else "PRIMEKG:MONDO_grouped_"
            + blake2b("_".join(sorted(text.split("_"))).encode(), digest_size=6).hexdigest()
            for text in values.to_list()
        ],
        dtype=pl.String,
    )


def _named(frame: pl.DataFrame, nodes: pl.DataFrame) -> pl.DataFrame:
    """The rows with `x_curie` and `y_curie`."""
    for side in "xy":
        ids = nodes.select(*(pl.col(c).alias(f"{side}_{c}") for c in (*_NODE, "curie")))
        frame = frame.join(ids, on=[f"{side}_{c}" for c in _NODE], how="left", maintain_order="left")
    return frame


def _has_id(side: str) -> Check:
    return Check(f"{side}_id", pl.col(f"{side}_curie").is_not_null(), "not an id of its vocabulary")


def _concepts(nodes: pl.DataFrame) -> pl.DataFrame:
    named = nodes.filter(pl.col("curie").is_not_null() & pl.col("name").is_not_null())
    return conform(
        named.select(
            pl.col(ROW).alias("row"),
            pl.col("curie").alias("id"),
            pl.col("type").replace_strict(KINDS_HERE, return_dtype=pl.String).alias("kind"),
            "name",
            pl.col("members").alias("inexact_xrefs"),
            pl.lit(False).alias("defined"),
        ).unique("id", keep="first", maintain_order=True),
        Concepts,
    )


def _edges(frame: pl.DataFrame) -> pl.DataFrame:
    turned = (pl.col("start_type") != "") & (pl.col("x_type") != pl.col("start_type"))

    def end(name: str, first: str, second: str) -> pl.Expr:
        return pl.when(turned).then(f"{second}_{name}").otherwise(f"{first}_{name}")

    def kind(first: str, second: str) -> pl.Expr:
        return end("type", first, second).replace_strict(KINDS_HERE, return_dtype=pl.String)

    return conform(
        frame.select(
            pl.col(ROW).alias("row"),
            "type",
            end("curie", "x", "y").alias("start_id"),
            kind("x", "y").alias("start_kind"),
            end("name", "x", "y").alias("start_name"),
            end("curie", "y", "x").alias("end_id"),
            kind("y", "x").alias("end_kind"),
            end("name", "y", "x").alias("end_name"),
            pl.lit(CURATED).alias("weight"),
            pl.col("display_relation").alias("relation"),
        ),
        Edges,
    )


READER = Reader("primekg", 1, NoOptions, read)
