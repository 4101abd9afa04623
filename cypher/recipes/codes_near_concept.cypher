// Which codes of another vocabulary mean a concept, or are nearest to it?
// First the codes of its own cluster (the same meaning), then those that a cross-reference leads to (evidence, not
// identity), then those of the nearest other clusters of its kind. A code appears once, by the first of these that applies.
// Codes in `xrefs` of a node that are not nodes themselves are included. Returns no rows if `embedding_0` is not the
// property of the active model.
// $concept: Concept = 'MONDO:0008383' — the concept
// $vocabulary: Text = 'DOID' — prefix of the wanted codes (MONDO, EFO, DOID, HP, UMLS, MESH, ICD10CM, SNOMEDCT, PHECODE …)
// $learnt: Integer = 384 — numbers of a vector that cosines between concepts use, from the first; set from the model
// $k: Integer = 200 — nodes of a kind from the vector search
// $limit: Integer = 10 — maximum number of codes
// returns: code, name (of the node with the code), kind, way ("same cluster", "cross-reference", "nearest"), cosine (−1
//   to 1, by the learnt half), through (id of the node with the code)
// nothing: try another prefix, or a larger $k; codes are known only for vocabularies of loaded sources
CYPHER 25
MATCH (:Model {active: true, index: 'embedding_0'})
MATCH (queried:Entity {id: $concept})
MATCH (d:Entity {id: queried.cluster})
WITH d, d.embedding_0[..$learnt] + [i IN range($learnt + 1, size(d.embedding_0)) | 0.0] AS question,
     CASE WHEN d.kind IN ['Disease', 'Phenotype', 'Trait'] THEN ['Disease', 'Phenotype', 'Trait'] ELSE [d.kind] END AS kinds
CALL (d, question, kinds) {
  MATCH (n:Concept {cluster: d.cluster})
  RETURN n, 0 AS rank
  UNION
  MATCH (:Concept {cluster: d.cluster})-[:XREF]-(there:Concept)
  MATCH (n:Concept {cluster: there.cluster})
  WHERE n.cluster <> d.cluster
  RETURN n, 1 AS rank
  UNION
  UNWIND kinds AS kind
  MATCH (near:Entity)
  SEARCH near IN (VECTOR INDEX embedding_0 FOR question WHERE near.kind = kind LIMIT $k)
  MATCH (n:Concept {cluster: near.cluster})
  WHERE n.cluster <> d.cluster
  RETURN DISTINCT n, 2 AS rank
}
UNWIND [code IN [n.id] + coalesce(n.xrefs, []) WHERE code STARTS WITH $vocabulary + ':'] AS code
WITH code, n, rank, 2 * vector.similarity.cosine(n.embedding_0[..$learnt], d.embedding_0[..$learnt]) - 1 AS cosine
ORDER BY rank, n.id <> code, cosine DESC, n.id
WITH code, collect({node: n, rank: rank, cosine: cosine})[0] AS best
RETURN code, best.node.name AS name, best.node.kind AS kind,
       ['same cluster', 'cross-reference', 'nearest'][best.rank] AS way, round(best.cosine, 4) AS cosine,
       best.node.id AS through
ORDER BY best.rank, cosine DESC, code
LIMIT $limit
