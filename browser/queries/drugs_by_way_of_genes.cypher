// From a disease over its SNPs and their genes to drugs that act on them
MATCH path = (:Disease {name: 'rheumatoid arthritis'})<-[:ASSOCIATED_WITH]-(:SNP)
  -[:LOCATED_IN|REPORTED_GENE|NEAREST_TO]->(:Gene)<-[:TARGETS]-(:Drug)
RETURN path LIMIT 100
