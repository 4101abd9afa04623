"""The readers that exist; a new one is one file here and one line in `READERS`."""

from __future__ import annotations

from generel_etl.reader import Reader
from generel_etl.readers import hetionet, hgnc, phecode, phewas, plink_ld, primekg
from generel_etl.readers.gwas_catalog import reader as gwas_catalog
from generel_etl.readers.hpo import annotations as hpo_annotations
from generel_etl.readers.hpo import genes as hpo_genes
from generel_etl.readers.obo import reader as obo
from generel_etl.readers.omop import reader as omop
from generel_etl.readers.table import reader as table
from generel_etl.readers.umls import reader as umls

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
