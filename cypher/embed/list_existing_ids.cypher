// The ids of a list that exist in the graph, in columns.
// $ids: ids (list)
// returns: id (list)
MATCH (n:Entity)
WHERE n.id IN $ids
RETURN collect(n.id) AS id
