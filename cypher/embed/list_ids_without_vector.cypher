// The nodes without a vector in one slot, in columns.
// returns: id (sorted list of ids)
MATCH (n:Entity)
WHERE n.embedding_0 IS NULL
WITH n.id AS id ORDER BY id
RETURN collect(id) AS id
