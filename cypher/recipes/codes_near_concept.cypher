// Which codes of another vocabulary mean a concept, or lie nearest to it?
// First codes of its own cluster (one meaning), then those that a cross-reference leads to (evidence, no identity), then
// those of the nearest other clusters of its kind; a code is told once, by its best way. Codes that are no nodes but
// stand in a node's `xrefs` count too. Nothing comes if the slot in the file is not the active one.
// $concept: id of the concept (a name or a code will do)
// $vocabulary: prefix of the codes that are wanted (MONDO, EFO, DOID, HP, UMLS, MESH, ICD10CM, SNOMEDCT, PHECODE …)
// $learnt: numbers of a vector that a cosine between concepts looks at, from the first (the program fills in the model's)
// $k: nodes of a kind that the vector search gives
// $limit: codes at most
// returns: code, name (of the node that has it), kind, way ("same cluster", "cross-reference", "nearest"),
//   cosine (−1 to 1, by the learnt half), through (id of the node that has the code)
// nothing: try another prefix, or a larger $k; a vocabulary that is in no loaded source has no codes here
// :param concept => 'MONDO:0008383'
// :param vocabulary => 'DOID'
// :param learnt => 384
// :param k => 200
// :param limit => 10
CYPHER 25
MATCH (:Model {active: true, index: 'embedding_0'})
MATCH (asked:Entity {id: $concept})
MATCH (d:Entity {id: asked.cluster})
WITH d, d.embedding_0[..$learnt] + [i IN range($learnt + 1, size(d.embedding_0)) | 0.0] AS question,
     CASE WHEN d.kind IN ['Disease', 'Phenotype', 'Trait'] THEN ['Disease', 'Phenotype', 'Trait'] ELSE [d.kind] END AS kinds
CALL (d, question, kinds) {
  MATCH (n:Concept {cluster: d.cluster})
  RETURN n, 0 AS place
  UNION
  MATCH (:Concept {cluster: d.cluster})-[:XREF]-(there:Concept)
  MATCH (n:Concept {cluster: there.cluster})
  WHERE n.cluster <> d.cluster
  RETURN n, 1 AS place
  UNION
  UNWIND kinds AS kind
  MATCH (near:Entity)
  SEARCH near IN (VECTOR INDEX embedding_0 FOR question WHERE near.kind = kind LIMIT $k)
  MATCH (n:Concept {cluster: near.cluster})
  WHERE n.cluster <> d.cluster
  RETURN DISTINCT n, 2 AS place
}
UNWIND [code IN [n.id] + coalesce(n.xrefs, []) WHERE code STARTS WITH $vocabulary + ':'] AS code
WITH code, n, place, 2 * vector.similarity.cosine(n.embedding_0[..$learnt], d.embedding_0[..$learnt]) - 1 AS cosine
ORDER BY place, n.id <> code, cosine DESC, n.id
WITH code, collect({node: n, place: place, cosine: cosine})[0] AS best
RETURN code, best.node.name AS name, best.node.kind AS kind,
       ['same cluster', 'cross-reference', 'nearest'][best.place] AS way, round(best.cosine, 4) AS cosine,
       best.node.id AS through
ORDER BY best.place, cosine DESC, code
LIMIT $limit
