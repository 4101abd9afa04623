// Create or change nodes: their labels and every property that loading owns (null removes one); vectors stay.
// $rows: maps with id, labels (all that the node has), remove (labels of kind that it no longer has), props
// returns: n (nodes written)
UNWIND $rows AS row
MERGE (n:Entity {id: row.id})
REMOVE n:$(row.remove)
SET n:$(row.labels)
SET n += row.props
RETURN count(n) AS n
