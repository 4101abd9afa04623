// The vectors of some clusters of a kind, evenly chosen in the order of ids; no row if the model is not the active one any more.
// $model: the model's id
// $kind: of the nodes
// $n: clusters at most
// returns: id, vector (lists)
MATCH (m:Model {id: $model, active: true})
CALL (m) {
  MATCH (n:Entity)
  WHERE n.kind = $kind AND coalesce(n.cluster, n.id) = n.id
  WITH n.id AS id ORDER BY id
  WITH collect(id) AS ids
  WITH ids, CASE WHEN size(ids) > $n THEN $n ELSE size(ids) END AS wanted
  UNWIND CASE WHEN wanted = 0 THEN [] ELSE range(0, wanted - 1) END AS place
  MATCH (n:Entity {id: ids[toInteger(toFloat(place) * size(ids) / wanted)]})
  WHERE n.embedding_0 IS NOT NULL
  RETURN collect(n.id) AS id, collect(n.embedding_0) AS vector
}
RETURN id, vector
