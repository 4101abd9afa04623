// From a disease by its SNPs and their genes to drugs that target them
MATCH path = (:Disease {name: 'rheumatoid arthritis'})<-[:ASSOCIATED_WITH]-(:SNP)
  -[:LOCATED_IN|REPORTED_GENE|NEAREST_TO]->(:Gene)<-[:TARGETS]-(:Drug)
RETURN path LIMIT 100
