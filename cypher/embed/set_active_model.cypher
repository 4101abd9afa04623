// Make a complete model the active model; the previously active model becomes inactive.
// $id: id of the model
// returns: n (1, or 0 if the model is unknown or not complete)
MATCH (m:Model {id: $id})
WHERE m.state = 'complete'
OPTIONAL MATCH (old:Model {active: true})
REMOVE old.active
WITH DISTINCT m
SET m.active = true, m.activated_at = toString(datetime())
RETURN count(m) AS n
