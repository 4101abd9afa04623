// Task kg: two concepts that a knowledge graph relates by any of the given types; negated relations are not among them.
// $first, $last: the range of anchor ids, both inclusive
// $relations: the relationship types of knowledge graphs
// returns: anchor, positive (ids), weight (lists)
MATCH (n:Entity)
WHERE $first <= n.id <= $last
MATCH (n)-[r]->(other:Concept)
WHERE type(r) IN $relations AND r.weight > 0
WITH n.id AS anchor, other.id AS positive, max(r.weight) AS weight ORDER BY anchor, positive
RETURN collect(anchor) AS anchor, collect(positive) AS positive, collect(weight) AS weight
