// The nodes that have codes as cross-references.
// $codes: maps with code (normalised) and term (the same as a quoted Lucene term)
// returns: code, id, kind, name, cluster, rank (1), degree
UNWIND $codes AS row
CALL (row) {
  CALL db.index.fulltext.queryNodes('entity_code', row.term, {limit: 100}) YIELD node AS n
  WITH n, row
  WHERE row.code IN n.xrefs
  RETURN n
}
RETURN row.code AS code, n.id AS id, n.kind AS kind, coalesce(n.name, n.id) AS name,
       coalesce(n.cluster, n.id) AS cluster, 1 AS rank, COUNT { (n)--() } AS degree
ORDER BY code, id
