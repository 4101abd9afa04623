// Give a slot to a model, in place of the one that had it; never the active one's.
// $id: of the model
// $number: its number, 0 to 3
// $props: what the model is (map); state "clearing" until what an older model left there is gone
// returns: n (1, or 0 where the slot's model is active)
OPTIONAL MATCH (old:Model {slot: $number})
WHERE old.id <> $id
WITH collect(old) AS olds
WHERE none(old IN olds WHERE coalesce(old.active, false))
FOREACH (old IN olds | DELETE old)
MERGE (m:Model {id: $id})
SET m += $props, m.slot = $number, m.state = 'clearing', m.created_at = toString(datetime())
RETURN count(m) AS n
