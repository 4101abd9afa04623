// Which genes are nearest to a set of phenotypes, and how many of the phenotypes are they known for?
// The candidates are the genes from the vector search for each phenotype; the cosine is the mean over the set. A gene is
// known for a phenotype if an edge joins it to a code of the phenotype's cluster. Returns no rows if `embedding_0` is not
// the property of the active model.
// $phenotypes: Phenotypes = ['HP:0001369', 'HP:0001387'] — the phenotypes
// $learnt: Integer = 384 — numbers of a vector that cosines between concepts use, from the first; set from the model
// $k: Integer = 100 — genes from the vector search for each phenotype
// $limit: Integer = 10 — maximum number of genes
// returns: gene (symbol), gene_id, cosine (mean over the phenotypes, −1 to 1, by the learnt half), least (the lowest of
//   them), known_of (names of the phenotypes that an edge joins it to), diseases (that it is known for, at most five)
// nothing: give phenotypes that have a vector, or a larger $k
CYPHER 25
MATCH (:Model {active: true, index: 'embedding_0'})
MATCH (named:Entity)
WHERE named.id IN $phenotypes
WITH DISTINCT named.cluster AS cluster
MATCH (p:Entity {id: cluster})
WITH collect(p) AS queried
CALL (queried) {
  UNWIND queried AS p
  WITH p.embedding_0[..$learnt] + [i IN range($learnt + 1, size(p.embedding_0)) | 0.0] AS question
  MATCH (near:Entity)
  SEARCH near IN (VECTOR INDEX embedding_0 FOR question WHERE near.kind = 'Gene' LIMIT $k)
  RETURN DISTINCT near.cluster AS cluster
}
MATCH (g:Entity {id: cluster})
WITH queried, g,
     [p IN queried | 2 * vector.similarity.cosine(g.embedding_0[..$learnt], p.embedding_0[..$learnt]) - 1] AS cosines
WITH queried, g, reduce(sum = 0.0, c IN cosines | sum + c) / size(cosines) AS cosine,
     reduce(least = 1.0, c IN cosines | CASE WHEN c < least THEN c ELSE least END) AS least
ORDER BY cosine DESC, g.id LIMIT $limit
RETURN g.name AS gene, g.id AS gene_id, round(cosine, 4) AS cosine, round(least, 4) AS least,
       [p IN queried WHERE EXISTS { MATCH (:Concept {cluster: g.cluster})-[r]-(:Concept {cluster: p.cluster})
                                  WHERE NOT type(r) STARTS WITH 'NOT_' } | p.name] AS known_of,
       COLLECT { MATCH (:Concept {cluster: g.cluster})-[:GENE_ASSOCIATED_WITH]->(d:Disease)
                 RETURN DISTINCT d.name AS name ORDER BY name LIMIT 5 } AS diseases
ORDER BY cosine DESC, gene_id
