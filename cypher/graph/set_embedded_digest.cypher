// Note which graph a model's vectors stand for.
// $id: the model's id
// $digest: the graph's digest
// returns: n (models noted)
MATCH (m:Model {id: $id})
SET m.embedded_digest = $digest
RETURN count(m) AS n
