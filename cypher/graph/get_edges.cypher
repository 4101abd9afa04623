// All properties of the edges that start in a range of ids, in columns. The deep digest covers them.
// $first, $last: range of ids, both inclusive
// returns: start, end, type, props (lists; props are maps)
MATCH (a:Entity)
WHERE $first <= a.id <= $last
MATCH (a)-[r]->(b:Entity)
RETURN collect(a.id) AS start, collect(b.id) AS end, collect(type(r)) AS type, collect(properties(r)) AS props
