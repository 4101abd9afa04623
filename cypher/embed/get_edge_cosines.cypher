// How near the two ends of edges lie by two models, by type: of the edges of some nodes.
// $ids: of the nodes
// $left, $right: names of the models' properties
// $limit: edges a node at most, the first by type and other end
// returns: type, edges (number), left, right (mean cosines, -1 to 1)
MATCH (a:Entity)
WHERE a.id IN $ids
CALL (a) {
  MATCH (a)-[r]-(b:Entity)
  WHERE b[$left] IS NOT NULL AND b[$right] IS NOT NULL
  RETURN r, b ORDER BY type(r), b.id, r.source, r.key LIMIT $limit
}
WITH DISTINCT r, a, b
RETURN type(r) AS type, count(r) AS edges,
       avg(2 * vector.similarity.cosine(a[$left], b[$left]) - 1) AS left,
       avg(2 * vector.similarity.cosine(a[$right], b[$right]) - 1) AS right
ORDER BY type
