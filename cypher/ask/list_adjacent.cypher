// The neighbours of a set of nodes, as columns, the largest weights first.
// $ids: ids of the nodes
// $without: relationship types to ignore (list)
// $limit: maximum number of edges
// returns: cluster (of the neighbour), kind, type, outward (whether the edge starts at the set), weight (lists; weight >
//   0)
MATCH (n:Entity)-[r]-(other:Entity)
WHERE n.id IN $ids AND NOT other.id IN $ids AND r.weight > 0 AND NOT type(r) IN $without
WITH n, r, other ORDER BY r.weight DESC, other.id, r.source, r.key LIMIT $limit
RETURN collect(coalesce(other.cluster, other.id)) AS cluster, collect(other.kind) AS kind, collect(type(r)) AS type,
       collect(startNode(r) = n) AS outward, collect(r.weight) AS weight
