// The nodes of some kinds nearest to a vector, best first, as columns, from one index per kind (its scores are those of
// rounded vectors and are therefore computed again); no row if the model is no longer active.
// $model: id of the model
// $vector: the query vector (list of floats)
// $kinds: kinds of the hits (list; each has an index)
// $k: maximum number of nodes
// returns: id, kind, cluster, chromosome, position, score (lists; '' and 0 if unknown; score (1 + cosine) / 2)
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
