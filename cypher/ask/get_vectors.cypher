// The vectors of some nodes, as columns; no row if the model is no longer active.
// $model: id of the model
// $ids: ids of the nodes
// returns: id, kind, vector (lists, of the nodes with a vector)
MATCH (m:Model {id: $model, active: true})
OPTIONAL MATCH (n:Entity)
WHERE n.id IN $ids AND n.embedding_0 IS NOT NULL
WITH m, collect(n.id) AS id, collect(n.kind) AS kind, collect(n.embedding_0) AS vector
RETURN id, kind, vector
