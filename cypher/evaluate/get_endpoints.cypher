// Texts and numbers of edges of nodes, for the methods that need no training.
// $ids: the ids of nodes
// returns: id, kind, name, description, edges (lists)
UNWIND $ids AS id
MATCH (n:Entity {id: id})
WITH n, count { (n)--() } AS edges ORDER BY n.id
RETURN collect(n.id) AS id, collect(n.kind) AS kind, collect(coalesce(n.name, '')) AS name,
       collect(coalesce(n.description, '')) AS description, collect(edges) AS edges
