// Assign a slot to a model and delete the record of the model that had it, unless that model is active.
// $id: id of the model
// $number: the slot, 0 to 3
// $props: properties of the model (map); its state is "clearing" until the vectors of an older model are removed
// returns: n (1, or 0 if the slot's model is active)
OPTIONAL MATCH (old:Model {slot: $number})
WHERE old.id <> $id
WITH collect(old) AS olds
WHERE none(old IN olds WHERE coalesce(old.active, false))
FOREACH (old IN olds | DELETE old)
MERGE (m:Model {id: $id})
SET m += $props, m.slot = $number, m.state = 'clearing', m.created_at = toString(datetime())
RETURN count(m) AS n
