// An SNP, its genes and diseases, and the drugs that target these genes
MATCH path = (:SNP {id: 'rs2476601'})-[:ASSOCIATED_WITH|LOCATED_IN|NEAREST_TO|REPORTED_GENE|REGULATES]->(n)
OPTIONAL MATCH drugs = (n)<-[:TARGETS]-(:Drug)
RETURN path, drugs LIMIT 200
