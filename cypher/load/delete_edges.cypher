// Delete edges of one type, matched by both endpoints, source and key.
// $type: relationship type
// $rows: maps with start, end, source, key
// returns: n (edges deleted)
UNWIND $rows AS row
MATCH (a:Entity {id: row.start})-[r:$($type)]->(b:Entity {id: row.end})
WHERE r.source = row.source AND r.key = row.key
DELETE r
RETURN count(*) AS n
