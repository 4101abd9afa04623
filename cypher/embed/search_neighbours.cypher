// The nodes nearest to some nodes by one model's vectors, of any kind; each comes among its own.
// $ids: of the nodes
// $index: the name that the model's property and index share
// $k: nodes at most
// returns: id, near (list of ids)
UNWIND $ids AS id
MATCH (n:Entity {id: id})
CALL db.index.vector.queryNodes($index, $k, n[$index]) YIELD node
RETURN id, collect(node.id) AS near
ORDER BY id
