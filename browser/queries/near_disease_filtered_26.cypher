// SNPs near a disease, filtered inside the index (Neo4j 2026; uses the slot of the active model)
CYPHER 25
MATCH (:Model {active: true, index: 'embedding_0'}), (d:Disease {name: 'rheumatoid arthritis'})
MATCH (s:Entity)
SEARCH s IN (VECTOR INDEX embedding_0 FOR d.embedding_0 WHERE s.kind = 'SNP' LIMIT 50) SCORE AS score
RETURN s.id AS snp, s.chromosome AS chromosome, s.position AS position, round(2 * score - 1, 3) AS cosine,
       EXISTS { (s)-[:ASSOCIATED_WITH]->(:Concept {cluster: d.cluster}) } AS linked
ORDER BY cosine DESC LIMIT 20
