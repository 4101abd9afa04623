// Forget a model that is not active; its vectors and indexes were removed before.
// $id: of the model
// returns: n (models deleted)
MATCH (m:Model {id: $id})
WHERE m.active IS NULL
DELETE m
RETURN count(*) AS n
