// The nodes that lack a vector in one slot, in columns.
// returns: id (list of ids, in their order)
MATCH (n:Entity)
WHERE n.embedding_0 IS NULL
WITH n.id AS id ORDER BY id
RETURN collect(id) AS id
