// Delete nodes that no source states any more; their edges were deleted before.
// $rows: maps with id
// returns: n (nodes deleted)
UNWIND $rows AS row
MATCH (n:Entity {id: row.id})
DETACH DELETE n
RETURN count(*) AS n
