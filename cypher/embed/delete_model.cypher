// Delete the record of a model that is not active. Its vectors and indexes have been removed already.
// $id: id of the model
// returns: n (models deleted)
MATCH (m:Model {id: $id})
WHERE m.active IS NULL
DELETE m
RETURN count(*) AS n
