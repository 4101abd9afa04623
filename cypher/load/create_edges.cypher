// Create edges of one type that do not exist yet. The caller has compared digests and holds the lease. This is CREATE
// because a MERGE that is planned while the graph has no edges scans all edges for each row (measured: 600 rows/s).
// $type: relationship type
// $rows: maps with start, end, props (all properties, including source and key)
// returns: n (edges created)
UNWIND $rows AS row
MATCH (a:Entity {id: row.start})
MATCH (b:Entity {id: row.end})
CREATE (a)-[r:$($type)]->(b)
SET r = row.props
RETURN count(r) AS n
