// The edges between clusters, with all of their properties.
// $pairs: maps with left and right (ids of all members of two clusters; the same list twice: edges within it)
// returns: pair (index in the list, from 0), type, start, end, start_kind, end_kind, start_name, end_name,
//   start_cluster, end_cluster, props (map of the properties)
UNWIND range(0, size($pairs) - 1) AS pair
WITH pair, $pairs[pair] AS ends
MATCH (a:Entity) WHERE a.id IN ends.left
MATCH (a)-[r]-(b:Entity)
WITH pair, ends, r, b
WHERE b.id IN ends.right
WITH DISTINCT pair, r, startNode(r) AS start, endNode(r) AS end
RETURN pair, type(r) AS type, start.id AS start, end.id AS end, start.kind AS start_kind, end.kind AS end_kind,
       coalesce(start.name, start.id) AS start_name, coalesce(end.name, end.id) AS end_name,
       coalesce(start.cluster, start.id) AS start_cluster, coalesce(end.cluster, end.id) AS end_cluster,
       properties(r) AS props
ORDER BY pair, type, start, end, r.source, r.key
