// Make a complete model the active one, in place of the one that was.
// $id: of the model
// returns: n (1, or 0 where it is unknown or not complete)
MATCH (m:Model {id: $id})
WHERE m.state = 'complete'
OPTIONAL MATCH (old:Model {active: true})
REMOVE old.active
WITH DISTINCT m
SET m.active = true, m.activated_at = toString(datetime())
RETURN count(m) AS n
