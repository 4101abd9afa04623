// Task synonym: a concept and each of its exact synonyms.
// $first, $last: the range of ids of anchors, both inclusive
// returns: anchor (ids), positive (texts), weight (lists)
MATCH (n:Entity)
WHERE $first <= n.id <= $last AND n.synonyms IS NOT NULL
UNWIND n.synonyms AS synonym
WITH DISTINCT n.id AS anchor, synonym AS positive ORDER BY anchor, positive
RETURN collect(anchor) AS anchor, collect(positive) AS positive, collect(1.0) AS weight
