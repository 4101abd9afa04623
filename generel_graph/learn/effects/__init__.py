"""Effect sizes: the expected |ln odds ratio| of an SNP on a trait."""
