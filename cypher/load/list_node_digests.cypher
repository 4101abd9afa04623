// Digests of the nodes of some sources, in columns.
// $sources: names of sources
// returns: id, digest (lists)
MATCH (n:Entity)
WHERE n.source IN $sources
RETURN collect(n.id) AS id, collect(coalesce(n.digest, '')) AS digest
