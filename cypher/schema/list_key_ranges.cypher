// Ranges of ids with equal numbers of nodes, for reading a large graph in parts.
// $size: nodes per range
// returns: first, last (lists of ids, both inclusive, in the order of ids)
MATCH (n:Entity)
WITH n.id AS id ORDER BY id
WITH collect(id) AS ids
WITH ids, CASE WHEN ids = [] THEN [] ELSE range(0, size(ids) - 1, $size) END AS begins
RETURN [b IN begins | ids[b]] AS first,
       [b IN begins | ids[CASE WHEN b + $size > size(ids) THEN size(ids) - 1 ELSE b + $size - 1 END]] AS last
