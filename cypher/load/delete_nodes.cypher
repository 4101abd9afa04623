// Delete nodes that no source contains any more. Their edges have been deleted already.
// $rows: maps with id
// returns: n (nodes deleted)
UNWIND $rows AS row
MATCH (n:Entity {id: row.id})
DETACH DELETE n
RETURN count(*) AS n
