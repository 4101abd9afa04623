// Number of edges that loads have created, changed or deleted since a model was trained.
// $id: id of the model
// returns: n (edges)
MATCH (m:Model {id: $id})
RETURN coalesce(m.edges_touched, 0) AS n
