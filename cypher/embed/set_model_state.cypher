// Say how far a model is, and what is known of it by then.
// $id: of the model
// $state: "clearing", "writing" or "complete"
// $props: properties to set beside it (map, possibly empty)
// returns: n (models changed)
MATCH (m:Model {id: $id})
SET m += $props, m.state = $state
RETURN count(m) AS n
