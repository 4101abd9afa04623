// The nodes that codes stand for: by their own id, or as a cross-reference of theirs.
// $codes: maps with code (normalised) and term (the same as a quoted Lucene term)
// returns: code, id, kind, name, cluster, place (0 own id, 1 cross-reference), degree
UNWIND $codes AS row
CALL (row) {
  MATCH (n:Entity {id: row.code})
  RETURN n, 0 AS place
  UNION
  CALL db.index.fulltext.queryNodes('entity_code', row.term, {limit: 100}) YIELD node AS n
  WITH n, row
  WHERE row.code IN n.xrefs AND n.id <> row.code
  RETURN n, 1 AS place
}
RETURN row.code AS code, n.id AS id, n.kind AS kind, coalesce(n.name, n.id) AS name,
       coalesce(n.cluster, n.id) AS cluster, place, COUNT { (n)--() } AS degree
ORDER BY code, place, id
