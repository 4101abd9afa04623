// The nodes of each kind that have a vector of two models, and the numbers of nodes that have one of only one model.
// $left, $right: names of the vector properties of the two models
// returns: kind, both (sorted list of ids), only_left, only_right (numbers)
MATCH (n:Entity)
WHERE n[$left] IS NOT NULL OR n[$right] IS NOT NULL
WITH n ORDER BY n.id
RETURN n.kind AS kind,
       collect(CASE WHEN n[$left] IS NOT NULL AND n[$right] IS NOT NULL THEN n.id END) AS both,
       sum(CASE WHEN n[$right] IS NULL THEN 1 ELSE 0 END) AS only_left,
       sum(CASE WHEN n[$left] IS NULL THEN 1 ELSE 0 END) AS only_right
ORDER BY kind
