// Add the number of edges that a load created, changed or deleted to the count of every model.
// $n: number of edges
// returns: n (models)
MATCH (m:Model)
SET m.edges_touched = coalesce(m.edges_touched, 0) + $n
RETURN count(m) AS n
