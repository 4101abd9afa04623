// Concepts whose names and synonyms share words with a text, best first.
// $query: Lucene query over the words
// $kinds: of the concepts (list)
// $offered: candidates from the full-text index, of all kinds
// $limit: maximum number of concepts
// returns: id, kind, name, cluster, names (name and synonyms), score (of the full-text index, > 0)
CALL db.index.fulltext.queryNodes('concept_text', $query, {limit: $offered}) YIELD node AS n, score
WHERE n.kind IN $kinds
RETURN n.id AS id, n.kind AS kind, n.name AS name, n.cluster AS cluster,
       [n.name] + coalesce(n.synonyms, []) + coalesce(n.other_synonyms, []) AS names, score
ORDER BY score DESC, id LIMIT $limit
