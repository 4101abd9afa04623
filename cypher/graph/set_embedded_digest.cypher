// Record the digest of the graph that a model's vectors were computed from.
// $id: id of the model
// $digest: digest of the graph
// returns: n (models changed)
MATCH (m:Model {id: $id})
SET m.embedded_digest = $digest
RETURN count(m) AS n
