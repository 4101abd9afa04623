// Change edges of one type, matched through both ends, source and key.
// $type: the relationship type
// $rows: maps with start, end, source, key, props (all properties, source and key among them)
// returns: n (edges written)
UNWIND $rows AS row
MATCH (a:Entity {id: row.start})-[r:$($type)]->(b:Entity {id: row.end})
WHERE r.source = row.source AND r.key = row.key
SET r = row.props
RETURN count(r) AS n
