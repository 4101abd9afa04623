// The nodes with the given ids.
// $codes: the ids (list)
// returns: code, id, kind, name, cluster, rank (0), degree
UNWIND $codes AS code
MATCH (n:Entity {id: code})
RETURN code, n.id AS id, n.kind AS kind, coalesce(n.name, n.id) AS name, coalesce(n.cluster, n.id) AS cluster, 0 AS rank,
       COUNT { (n)--() } AS degree
ORDER BY code
