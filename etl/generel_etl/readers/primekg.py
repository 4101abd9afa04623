"""PrimeKG's `kg.csv` (Chandak et al. 2023, doi:10.1038/s41597-023-01960-3), which has each edge in both directions.

    [sources.primekg]
    reader = "primekg"
    files = ["primekg/kg.csv"]

A row becomes one edge in the direction of its relation (`generel_etl.relations.PRIMEKG`). Mirrored and repeated rows
therefore give the same edge and count as merged. For a relation within one type the file does not state which node is
the parent, so the relationship is PARENT_OR_CHILD_OF instead of IS_A. A disease of source MONDO_grouped represents
several MONDO terms: it has an id that only this source defines, its name, and those terms as inexact cross-references.
"""

from __future__ import annotations

from hashlib import blake2b

import polars as pl

from generel_etl.identifiers import curie
from generel_etl.parsing.delimited import Layout, check_columns, read_rows
from generel_etl.parsing.records import edge_table, endpoint, swap_endpoints
from generel_etl.parsing.rejects import FILE, LINE, ROW, Check, concat_rejects, split_valid_rows
from generel_etl.reader import NoOptions, Reader, SourceFiles
from generel_etl.relations import PRIMEKG, with_suggestion
from generel_etl.schema import Concepts, Tables, conform
from generel_etl.weights import CURATED

# fmt: off
COLUMNS = (
    "relation", "display_relation", "x_index", "x_id", "x_type", "x_name", "x_source",
    "y_index", "y_id", "y_type", "y_name", "y_source",
)
# fmt: on
PRIMEKG_KINDS = {
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
PRIMEKG_PREFIXES = {
    "NCBI": "NCBIGene",
    "DrugBank": "DRUGBANK",
    "HPO": "HP",
    "MONDO": "MONDO",
    "GO": "GO",
    "UBERON": "UBERON",
    "REACTOME": "REACTOME",
    "CTD": "MESH",  # CTD's chemicals are MeSH descriptors and supplementary concepts
}
GROUPED = "MONDO_grouped"
_NODE = ("source", "id", "type")


def read(files: SourceFiles, options: NoOptions) -> Tables:
    """Read the edges, each node as a mention with its name, and rejects.

    Layout: PrimeKG's `kg.csv`, comma-separated with a header, quoted with `"`, with the twelve COLUMNS. Source of the
    format: https://github.com/mims-harvard/PrimeKG, data: doi:10.7910/DVN/IXA7BM

    Raises DataError for missing or unknown columns.
    """
    rows = read_rows(files, Layout(separator=",", quote='"'), needed=COLUMNS)
    columns = [c for c in rows.frame.columns if c not in (ROW, FILE, LINE)]
    check_columns(columns, COLUMNS, ", ".join(map(str, files.paths)), COLUMNS)
    frame = rows.frame.drop("x_index", "y_index").join(
        _relations(rows.frame), on=("relation", "display_relation"), how="left"
    )
    frame, bad_rows = split_valid_rows(frame, _checks(frame))
    nodes = _nodes(frame)
    frame, bad_ids = split_valid_rows(_with_curies(frame, nodes), [_has_id("x"), _has_id("y")])
    return Tables(
        rows_read=rows.rows_read,
        concepts=_concepts(nodes),
        edges=_edges(frame),
        rejects=concat_rejects([rows.rejects, bad_rows, bad_ids]),
        locations=rows.locations,
    )


def _relations(frame: pl.DataFrame) -> pl.DataFrame:
    """The distinct pairs of relation and display_relation, with relationship type and node type of the start."""
    pairs = frame.select("relation", "display_relation").unique().drop_nulls()
    known = {pair: PRIMEKG.get(pair) or PRIMEKG.get((pair[0], "")) or ("", "") for pair in pairs.rows()}
    types, starts = zip(*known.values(), strict=True) if known else ((), ())
    return pairs.with_columns(
        pl.Series("type", types, dtype=pl.String), pl.Series("start_type", starts, dtype=pl.String)
    )


def _checks(frame: pl.DataFrame) -> list[Check]:
    relations = [relation for relation, _ in PRIMEKG]
    has_start_type = (pl.col("start_type") == "") | pl.any_horizontal(
        pl.col(c) == pl.col("start_type") for c in ("x_type", "y_type")
    )
    checks = [
        Check("relation", pl.col("type") != "", with_suggestion("unknown relation", pl.col("relation"), relations))
    ]
    for side in "xy":
        type_, source = f"{side}_type", f"{side}_source"
        checks += [
            Check(f"{side}_id", pl.col(f"{side}_id").is_not_null(), "no id"),
            Check(
                type_,
                pl.col(type_).is_in(list(PRIMEKG_KINDS)),
                with_suggestion("unknown type", pl.col(type_), PRIMEKG_KINDS),
            ),
            Check(
                source,
                pl.col(source).is_in([*PRIMEKG_PREFIXES, GROUPED]),
                with_suggestion("unknown vocabulary", pl.col(source), [*PRIMEKG_PREFIXES, GROUPED]),
            ),
        ]
    return [*checks, Check("x_type", has_start_type, "neither node has the type that this relation starts from")]


def _nodes(frame: pl.DataFrame) -> pl.DataFrame:
    """Each node once, from its first row: `source`, `id`, `type`, `name`, ROW, `curie`, `members`."""
    sides = [frame.select(ROW, *(pl.col(f"{side}_{name}").alias(name) for name in (*_NODE, "name"))) for side in "xy"]
    firsts = [side.unique(_NODE, keep="first", maintain_order=True) for side in sides]
    nodes = pl.concat(firsts).sort(ROW, maintain_order=True).unique(_NODE, keep="first", maintain_order=True)
    is_group = pl.col("source") == GROUPED
    prefix = pl.col("source").replace_strict(PRIMEKG_PREFIXES, default=None, return_dtype=pl.String)
    members = pl.col("id").str.split("_").list.eval(curie("MONDO:" + pl.element()))
    return nodes.with_columns(
        curie=pl.when(is_group)
        .then(pl.col("id").map_batches(_group_ids, return_dtype=pl.String))
        .otherwise(curie(pl.concat_str(prefix, pl.lit(":"), "id"))),
        members=pl.when(is_group).then(members),
    )


def _group_ids(values: pl.Series) -> pl.Series:
    """Ids of groups of MONDO terms: a digest of their sorted numbers, because some groups have hundreds of terms."""
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


def _with_curies(frame: pl.DataFrame, nodes: pl.DataFrame) -> pl.DataFrame:
    """Add `x_curie` and `y_curie` to the rows."""
    for side in "xy":
        ids = nodes.select(*(pl.col(c).alias(f"{side}_{c}") for c in (*_NODE, "curie")))
        frame = frame.join(ids, on=[f"{side}_{c}" for c in _NODE], how="left", maintain_order="left")
    return frame


def _has_id(side: str) -> Check:
    return Check(f"{side}_id", pl.col(f"{side}_curie").is_not_null(), "not a valid id of its vocabulary")


def _concepts(nodes: pl.DataFrame) -> pl.DataFrame:
    named = nodes.filter(pl.col("curie").is_not_null() & pl.col("name").is_not_null())
    return conform(
        named.select(
            pl.col(ROW).alias("row"),
            pl.col("curie").alias("id"),
            _kind("type").alias("kind"),
            "name",
            pl.col("members").alias("inexact_xrefs"),
            pl.lit(False).alias("defined"),
        ).unique("id", keep="first", maintain_order=True),
        Concepts,
    )


def _edges(frame: pl.DataFrame) -> pl.DataFrame:
    swapped = (pl.col("start_type") != "") & (pl.col("x_type") != pl.col("start_type"))
    x, y = (endpoint(f"{side}_curie", _kind(f"{side}_type"), f"{side}_name") for side in "xy")
    return edge_table(
        frame,
        pl.col("type"),
        *swap_endpoints(x, y, swapped),
        weight=pl.lit(CURATED),
        relation="display_relation",
    )


def _kind(column: str) -> pl.Expr:
    return pl.col(column).replace_strict(PRIMEKG_KINDS, return_dtype=pl.String)


READER = Reader("primekg", 2, NoOptions, read)
