// The nodes of each kind that have a vector of two models, and how many have one of one of them alone.
// $left, $right: names of the models' properties
// returns: kind, both (list of ids, in their order), only_left, only_right (numbers)
MATCH (n:Entity)
WHERE n[$left] IS NOT NULL OR n[$right] IS NOT NULL
WITH n ORDER BY n.id
RETURN n.kind AS kind,
       collect(CASE WHEN n[$left] IS NOT NULL AND n[$right] IS NOT NULL THEN n.id END) AS both,
       sum(CASE WHEN n[$right] IS NULL THEN 1 ELSE 0 END) AS only_left,
       sum(CASE WHEN n[$left] IS NULL THEN 1 ELSE 0 END) AS only_right
ORDER BY kind
