// The nearest neighbours of some nodes in one model, of any kind. A node is among its own neighbours.
// $ids: ids of the nodes
// $index: name of the model's vector property and of its index
// $k: most neighbours per node
// returns: id, near (list of ids)
UNWIND $ids AS id
MATCH (n:Entity {id: id})
CALL db.index.vector.queryNodes($index, $k, n[$index]) YIELD node
RETURN id, collect(node.id) AS near
ORDER BY id
