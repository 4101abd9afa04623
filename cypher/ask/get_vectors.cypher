// The vectors of some nodes, in columns; no row if the model is not the active one any more.
// $model: the model's id
// $ids: of the nodes
// returns: id, kind, vector (lists, of the nodes that have one)
MATCH (m:Model {id: $model, active: true})
OPTIONAL MATCH (n:Entity)
WHERE n.id IN $ids AND n.embedding_0 IS NOT NULL
WITH m, collect(n.id) AS id, collect(n.kind) AS kind, collect(n.embedding_0) AS vector
RETURN id, kind, vector
