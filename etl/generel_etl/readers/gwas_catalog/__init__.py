"""The reader of the GWAS Catalog's associations."""
