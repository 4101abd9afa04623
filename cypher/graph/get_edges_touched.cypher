// How many edges loads have touched since a model was trained.
// $id: the model's id
// returns: edges_touched
MATCH (m:Model {id: $id})
RETURN coalesce(m.edges_touched, 0) AS edges_touched
