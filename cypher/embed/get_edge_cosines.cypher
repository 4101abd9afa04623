// Mean cosine of the endpoints of edges in two models, by edge type, for the edges of some nodes.
// $ids: ids of the nodes
// $left, $right: names of the vector properties of the two models
// $limit: most edges per node, in the order of type and other endpoint
// returns: type, edges (number), left, right (mean cosines, -1 to 1)
MATCH (n:Entity)
WHERE n.id IN $ids
CALL (n) {
  MATCH (n)-[r]-(other:Entity)
  WHERE other[$left] IS NOT NULL AND other[$right] IS NOT NULL
  RETURN r ORDER BY type(r), other.id, r.source, r.key LIMIT $limit
}
WITH DISTINCT r
WITH r, startNode(r) AS a, endNode(r) AS b
RETURN type(r) AS type, count(r) AS edges,
       avg(2 * vector.similarity.cosine(a[$left], b[$left]) - 1) AS left,
       avg(2 * vector.similarity.cosine(a[$right], b[$right]) - 1) AS right
ORDER BY type
