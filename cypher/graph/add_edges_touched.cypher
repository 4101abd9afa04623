// Add to each model how many edges were created, changed or deleted since it was trained.
// $n: edges that one load touched
// returns: n (models)
MATCH (m:Model)
SET m.edges_touched = coalesce(m.edges_touched, 0) + $n
RETURN count(m) AS n
