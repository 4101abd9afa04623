// The embedded nodes in a range of ids, in columns; a missing property is '' or -1.
// $first, $last: the range of ids, both inclusive
// returns: id, kind, name, description, synonyms (lists of texts), cluster, chromosome, position, build (lists)
MATCH (n:Entity)
WHERE $first <= n.id <= $last
WITH n ORDER BY n.id
RETURN collect(n.id) AS id, collect(n.kind) AS kind, collect(coalesce(n.name, '')) AS name,
       collect(coalesce(n.description, '')) AS description, collect(coalesce(n.synonyms, [])) AS synonyms,
       collect(coalesce(n.cluster, n.id)) AS cluster, collect(coalesce(n.chromosome, '')) AS chromosome,
       collect(coalesce(n.position, -1)) AS position, collect(coalesce(n.build, '')) AS build
