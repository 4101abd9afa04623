// Those of some ids that the graph has, in columns.
// $ids: ids (list)
// returns: id (list)
MATCH (n:Entity)
WHERE n.id IN $ids
RETURN collect(n.id) AS id
