// The concepts that have a text as their name or exact synonym, whatever its case.
// $texts: maps with text (in lower case, single blanks), spellings (of it, looked up as names), query (Lucene phrase)
// $limit: concepts a text that the full-text index may offer
// returns: text, id, kind, name, cluster, place (0 name, 1 synonym or full name of a gene), degree
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
     END AS place
WHERE place IS NOT NULL
RETURN text, n.id AS id, n.kind AS kind, n.name AS name, n.cluster AS cluster, place, COUNT { (n)--() } AS degree
ORDER BY text, place, id
