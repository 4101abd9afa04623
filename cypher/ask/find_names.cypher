// The concepts whose name or exact synonym is a text, compared without case.
// $texts: maps with text (in lower case, single blanks), spellings (compared with names), query (Lucene phrase)
// $limit: candidates per text from the full-text index
// returns: text, id, kind, name, cluster, rank (0 name, 1 synonym or full name of a gene), degree
UNWIND $texts AS row
CALL (row) {
  MATCH (n:Concept)
  WHERE n.name IN row.spellings
  RETURN n
  UNION
  CALL db.index.fulltext.queryNodes('concept_text', row.query, {limit: $limit}) YIELD node AS n
  RETURN n
}
WITH row.text AS text, n,
     CASE
       WHEN toLower(n.name) = row.text THEN 0
       WHEN any(synonym IN n.synonyms WHERE toLower(synonym) = row.text) THEN 1
       WHEN n.kind = 'Gene' AND toLower(n.description) = row.text THEN 1
     END AS rank
WHERE rank IS NOT NULL
RETURN text, n.id AS id, n.kind AS kind, n.name AS name, n.cluster AS cluster, rank, COUNT { (n)--() } AS degree
ORDER BY text, rank, id
