"""The readers that exist; a new one is one file here and one line in `READERS`."""

from __future__ import annotations

from generel_etl.cohort import omop
from generel_etl.reader import Reader
from generel_etl.sources import (
    gwas_catalog,
    hetionet,
    hgnc,
    hpo_annotations,
    hpo_genes,
    obo,
    phecode,
    phewas,
    plink_ld,
    primekg,
    table,
    umls,
)

READERS: tuple[Reader, ...] = (
    gwas_catalog.READER,
    hetionet.READER,
    hgnc.READER,
    hpo_annotations.READER,
    hpo_genes.READER,
    obo.READER,
    omop.READER,
    phecode.READER,
    phewas.READER,
    plink_ld.READER,
    primekg.READER,
    table.READER,
    umls.READER,
)
