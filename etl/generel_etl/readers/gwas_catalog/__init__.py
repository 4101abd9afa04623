"""Reader of the GWAS Catalog's associations."""
