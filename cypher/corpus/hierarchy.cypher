// Task hierarchy: a concept and its parent (IS_A).
// $first, $last: the range of anchor ids, both inclusive
// returns: anchor, positive (ids), weight (lists)
MATCH (n:Entity)
WHERE $first <= n.id <= $last
MATCH (n)-[:IS_A]->(parent:Concept)
WITH DISTINCT n.id AS anchor, parent.id AS positive ORDER BY anchor, positive
RETURN collect(anchor) AS anchor, collect(positive) AS positive, collect(1.0) AS weight
