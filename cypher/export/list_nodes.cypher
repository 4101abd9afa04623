// The nodes in a range of ids, with all loaded properties, in columns.
// $first, $last: the range of ids, both inclusive
// returns: id, kind, name, description, synonyms, other_synonyms, xrefs, cluster, chromosome, position, build, alleles,
//          source, digest (lists; null where a node lacks the property)
MATCH (n:Entity)
WHERE $first <= n.id <= $last
WITH n ORDER BY n.id
WITH collect(n) AS nodes
RETURN [n IN nodes | n.id] AS id, [n IN nodes | n.kind] AS kind, [n IN nodes | n.name] AS name,
       [n IN nodes | n.description] AS description, [n IN nodes | n.synonyms] AS synonyms,
       [n IN nodes | n.other_synonyms] AS other_synonyms, [n IN nodes | n.xrefs] AS xrefs,
       [n IN nodes | n.cluster] AS cluster, [n IN nodes | n.chromosome] AS chromosome,
       [n IN nodes | n.position] AS position, [n IN nodes | n.build] AS build, [n IN nodes | n.alleles] AS alleles,
       [n IN nodes | n.source] AS source, [n IN nodes | n.digest] AS digest
