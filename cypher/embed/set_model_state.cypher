// Set the state of a model and further properties.
// $id: id of the model
// $state: "clearing", "writing" or "complete"
// $props: further properties to set (map, possibly empty)
// returns: n (models changed)
MATCH (m:Model {id: $id})
SET m += $props, m.state = $state
RETURN count(m) AS n
