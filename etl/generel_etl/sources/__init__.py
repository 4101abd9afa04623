"""The readers that exist; a new one is one file here and one line in `READERS`."""

from __future__ import annotations

from generel_etl.cohort import omop
from generel_etl.reader import Reader
from generel_etl.sources import gwas_catalog, hetionet, hgnc, obo, primekg, table, umls

READERS: tuple[Reader, ...] = (
    gwas_catalog.READER,
    hetionet.READER,
    hgnc.READER,
    obo.READER,
    omop.READER,
    primekg.READER,
    table.READER,
    umls.READER,
)
