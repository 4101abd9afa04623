// Task equivalence: a concept and a different name of the same concept in another vocabulary.
// $first, $last: the range of anchor ids, both inclusive
// returns: anchor (ids), positive (texts), weight (lists)
MATCH (n:Entity)
WHERE $first <= n.id <= $last
MATCH (n)-[:SAME_AS]-(other:Concept)
WHERE other.cluster = n.cluster AND other.name IS NOT NULL AND n.name IS NOT NULL
  AND toLower(other.name) <> toLower(n.name) AND other.kind <> 'Gene'
WITH DISTINCT n.id AS anchor, other.name AS positive ORDER BY anchor, positive
RETURN collect(anchor) AS anchor, collect(positive) AS positive, collect(1.0) AS weight
