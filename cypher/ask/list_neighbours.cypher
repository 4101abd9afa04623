// The edges of some nodes, those with the largest weight first.
// $ids: ids of the nodes
// $limit: maximum number of edges
// returns: start, end, type, props (map of the properties)
MATCH (n:Entity)-[r]-(:Entity)
WHERE n.id IN $ids
WITH DISTINCT r
RETURN startNode(r).id AS start, endNode(r).id AS end, type(r) AS type, properties(r) AS props
ORDER BY coalesce(r.weight, 0.0) DESC, type, start, end, r.source, r.key
LIMIT $limit
