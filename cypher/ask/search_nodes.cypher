// The nodes of some kinds nearest to a vector, best first, as columns; no row if the model is no longer active.
// $model: id of the model
// $vector: the query vector (list of floats)
// $kinds: kinds of the hits (list)
// $k: maximum number of nodes
// returns: id, kind, cluster, chromosome, position, score (lists; '' and 0 if unknown; score of the index, (1 + cosine)
//   / 2)
CYPHER 25
MATCH (m:Model {id: $model, active: true})
CALL (m) {
  MATCH (n:Entity)
  SEARCH n IN (VECTOR INDEX embedding_0 FOR $vector WHERE n.kind IN $kinds LIMIT $k) SCORE AS score
  WITH n, score ORDER BY score DESC, n.id
  RETURN collect(n.id) AS id, collect(n.kind) AS kind, collect(coalesce(n.cluster, n.id)) AS cluster,
         collect(coalesce(n.chromosome, '')) AS chromosome, collect(coalesce(n.position, 0)) AS position, collect(score) AS score
}
RETURN id, kind, cluster, chromosome, position, score
