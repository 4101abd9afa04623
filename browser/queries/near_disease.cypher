// SNPs near a disease, by the active model
MATCH (m:Model {active: true}), (d:Disease {name: 'rheumatoid arthritis'})
CALL db.index.vector.queryNodes(m.index, 200, d[m.index]) YIELD node AS s, score
WHERE s:SNP
RETURN s.id AS snp, s.chromosome AS chromosome, s.position AS position, round(2 * score - 1, 3) AS cosine,
       EXISTS { (s)-[:ASSOCIATED_WITH]->(:Concept {cluster: d.cluster}) } AS linked
ORDER BY cosine DESC LIMIT 20
