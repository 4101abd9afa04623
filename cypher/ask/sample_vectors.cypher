// The vectors of some clusters of a kind, evenly spaced in the order of ids; no row if the model is no longer active.
// $model: id of the model
// $kind: kind of the nodes (their label)
// $n: maximum number of clusters
// returns: id, vector (lists)
MATCH (m:Model {id: $model, active: true})
CALL (m) {
  MATCH (n:$($kind))
  WHERE coalesce(n.cluster, n.id) = n.id
  WITH n ORDER BY n.id
  WITH collect(n) AS nodes
  WITH nodes, CASE WHEN size(nodes) > $n THEN $n ELSE size(nodes) END AS wanted
  UNWIND CASE WHEN wanted = 0 THEN [] ELSE range(0, wanted - 1) END AS i
  WITH nodes[toInteger(toFloat(i) * size(nodes) / wanted)] AS n
  WHERE n.embedding_0 IS NOT NULL
  RETURN collect(n.id) AS id, collect(n.embedding_0) AS vector
}
RETURN id, vector
