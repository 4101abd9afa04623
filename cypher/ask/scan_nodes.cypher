// The clusters nearest to a vector, best first, found by looking at every node of some kinds: exact, and slow where these
// are many; no row if the model is not the active one any more.
// $model: the model's id
// $vector: the question, a list of floats
// $kinds: kinds to look among (list)
// $k: clusters at most
// returns: id, kind, cluster, score (lists; id is the cluster's nearest node, score is (1 + cosine) / 2)
MATCH (m:Model {id: $model, active: true})
CALL (m) {
  MATCH (n:Entity)
  WHERE n.kind IN $kinds AND n.embedding_0 IS NOT NULL
  WITH n, vector.similarity.cosine(n.embedding_0, $vector) AS score ORDER BY score DESC, n.id
  WITH coalesce(n.cluster, n.id) AS cluster, collect({id: n.id, kind: n.kind, score: score})[0] AS best
  ORDER BY best.score DESC, best.id LIMIT $k
  RETURN collect(best.id) AS id, collect(best.kind) AS kind, collect(cluster) AS cluster, collect(best.score) AS score
}
RETURN id, kind, cluster, score
