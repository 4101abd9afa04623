// Replace the properties of edges of one type, matched by both endpoints, source and key.
// $type: relationship type
// $rows: maps with start, end, source, key, props (all properties, including source and key)
// returns: n (edges written)
UNWIND $rows AS row
MATCH (a:Entity {id: row.start})-[r:$($type)]->(b:Entity {id: row.end})
WHERE r.source = row.source AND r.key = row.key
SET r = row.props
RETURN count(r) AS n
