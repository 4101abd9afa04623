// Create or update nodes: labels and all properties that loading writes (null removes a property). Vectors stay.
// $rows: maps with id, labels (all of the node), remove (labels of kinds that the node no longer has), props
// returns: n (nodes written)
UNWIND $rows AS row
MERGE (n:Entity {id: row.id})
REMOVE n:$(row.remove)
SET n:$(row.labels)
SET n += row.props
RETURN count(n) AS n
