"""Models that can be queried: trained ones, imported ones, and SNPs that are not in the graph."""
