// Task co_occurrence: two concepts that occur together in patients or texts more often than expected by chance.
// $first, $last: the range of anchor ids, both inclusive
// returns: anchor, positive (ids), weight (lists)
MATCH (n:Entity)
WHERE $first <= n.id <= $last
MATCH (n)-[r:CO_OCCURS_WITH]->(other:Concept)
WHERE r.weight > 0 AND NOT 'depleted' IN coalesce(r.flags, [])
WITH n.id AS anchor, other.id AS positive, max(r.weight) AS weight ORDER BY anchor, positive
RETURN collect(anchor) AS anchor, collect(positive) AS positive, collect(weight) AS weight
