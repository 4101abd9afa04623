// The edges between the nodes of a set.
// $ids: ids of the nodes
// returns: start, end, type, props (map of the properties)
MATCH (a:Entity)-[r]->(b:Entity)
WHERE a.id IN $ids AND b.id IN $ids
RETURN a.id AS start, b.id AS end, type(r) AS type, properties(r) AS props
ORDER BY start, type, end, r.source, r.key
