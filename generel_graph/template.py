"""The commented `generel.toml` that `init` writes."""

from __future__ import annotations

from pathlib import Path

from generel_graph.config import FILE_NAME
from generel_graph.errors import UsageError

TEXT = """\
# generel-graph: what goes into the graph, and how its space is learnt.
# Every key can be set by the environment: data_dir by GENEREL_DATA_DIR, train.steps by GENEREL_TRAIN_STEPS.
# Passwords are never written here: NEO4J_USERNAME and NEO4J_PASSWORD.

data_dir = "data"        # file names below are relative to it
state_dir = ".generel"   # the private server, staged tables and models

[neo4j]
# uri = "neo4j+s://example.databases.neo4j.io"   # without it a private server is run
# idle_minutes = 30                              # the private server stops after so long without a client
# query_seconds = 60                             # a statement of `query` is stopped after so long; 0: never

# Sources in order of trust: where two only mention a thing, the first that has a property gives it.
# `generel-graph sync` reads what changed. Readers: obo, hgnc, phecode, gwas_catalog, phewas, plink_ld, hpo_annotations,
# hpo_genes, primekg, hetionet, table.

[sources.mondo]
reader = "obo"
files = ["mondo.obo"]
licence = "CC BY 4.0"
url = "https://mondo.monarchinitiative.org"

[sources.genes]
reader = "hgnc"
files = ["hgnc_complete_set.txt"]
licence = "CC0"

[sources.gwas]
reader = "gwas_catalog"
files = ["gwas_catalog_associations.tsv"]
build = "GRCh38"
licence = "CC0"

# Your own hits: any table, its columns named.
# [sources.mine]
# reader = "table"
# files = ["my_hits.tsv"]
# type = "ASSOCIATED_WITH"
# build = "GRCh38"
# start_kind = "SNP"
# end_kind = "Disease"
# columns = { start_id = "rsid", effect_allele = "ea", odds_ratio = "or", p = "p", end_name = "trait" }

[train]
# steps = 1000
# seed = 0
# published_before = 2013-01-01   # leave later reports out of training, features and "linked"

[tasks.gwas]
# enabled = true
# weight = 12.0
"""


def write_template(folder: Path) -> Path:
    """Write the template to `folder`; raises UsageError rather than overwrite a configuration."""
    path = folder / FILE_NAME
    if path.exists():
        raise UsageError("there is a configuration already", where=path, next_step="edit it, or name another folder")
    folder.mkdir(parents=True, exist_ok=True)
    path.write_text(TEXT, encoding="utf-8")
    return path
