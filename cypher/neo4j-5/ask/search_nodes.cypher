// The nodes of some kinds nearest to a vector, best first, in columns, by an index a kind (its scores are those of
// rounded vectors, hence worked out anew); no row if the model is not the active one any more.
// $model: the model's id
// $vector: the question, a list of floats
// $kinds: kinds to look among (list; each has an index)
// $k: nodes at most
// returns: id, kind, cluster, chromosome, position, score (lists; '' and 0 where there is no place; score is (1 + cosine) / 2)
MATCH (m:Model {id: $model, active: true})
CALL (m) {
  UNWIND $kinds AS kind
  CALL db.index.vector.queryNodes(m.index + '_' + kind, $k, $vector) YIELD node AS n
  WITH n, kind
  WHERE n.kind = kind
  WITH n, vector.similarity.cosine(n.embedding_0, $vector) AS score ORDER BY score DESC, n.id LIMIT $k
  RETURN collect(n.id) AS id, collect(n.kind) AS kind, collect(coalesce(n.cluster, n.id)) AS cluster,
         collect(coalesce(n.chromosome, '')) AS chromosome, collect(coalesce(n.position, 0)) AS position, collect(score) AS score
}
RETURN id, kind, cluster, chromosome, position, score
