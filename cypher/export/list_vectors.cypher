// The vectors of one slot for a range of ids, in columns.
// $first, $last: the range of ids, both inclusive
// returns: id, kind, vector (lists, of the nodes that have a vector)
MATCH (n:Entity)
WHERE $first <= n.id <= $last AND n.embedding_0 IS NOT NULL
WITH n ORDER BY n.id
RETURN collect(n.id) AS id, collect(n.kind) AS kind, collect(n.embedding_0) AS vector
