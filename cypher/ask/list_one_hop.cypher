// The clusters one edge away from some clusters, without negative edges.
// $clusters: ids of clusters (of SNPs: their own)
// $published_before: date; reports published on or after this day do not count (null: all count)
// returns: clusters (list of ids, of SNPs their own)
UNWIND $clusters AS cluster
CALL (cluster) {
  MATCH (n:Concept {cluster: cluster})
  RETURN n
  UNION
  MATCH (n:Entity {id: cluster})
  RETURN n
}
MATCH (n)-[r]-(other:Entity)
WHERE NOT type(r) STARTS WITH 'NOT_'
  AND ($published_before IS NULL OR r.published IS NULL OR r.published < $published_before)
RETURN collect(DISTINCT coalesce(other.cluster, other.id)) AS clusters
