// Keys and digests of the edges of some sources that start in a range of ids, in columns.
// $first, $last: range of ids, both inclusive
// $sources: names of sources
// returns: source, type, start, end, key, digest (lists)
MATCH (a:Entity)
WHERE $first <= a.id <= $last
MATCH (a)-[r]->(b:Entity)
WHERE r.source IN $sources
RETURN collect(r.source) AS source, collect(type(r)) AS type, collect(a.id) AS start, collect(b.id) AS end,
       collect(r.key) AS key, collect(coalesce(r.digest, '')) AS digest
