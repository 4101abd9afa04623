// The clusters nearest to a vector, best first, by a scan of all nodes that may be hits: exact, but slow for many nodes;
// no row if the model is no longer active.
// $model: id of the model
// $vector: the query vector (list of floats)
// $kinds: kinds of the hits (list)
// $k: maximum number of clusters
// $among: ids of the clusters that may be hits (null: all)
// $without: ids of excluded clusters (list)
// $sources: names; only nodes with an edge from one of these sources count (list; empty: all)
// $chromosome: only SNPs on this chromosome (null: no condition), and within the interval, if it is not null:
// $build, $first, $last: build of the positions, first and last base
// returns: id, kind, cluster, chromosome, position, score (lists; id is the cluster's nearest node, chromosome '' and
//   position 0 if unknown, score (1 + cosine) / 2)
MATCH (m:Model {id: $model, active: true})
CALL (m) {
  CALL () {
    WITH 1 AS one WHERE $among IS NULL AND $chromosome IS NULL
    MATCH (n:Entity)
    RETURN n
    UNION ALL
    WITH 1 AS one WHERE $among IS NULL AND $chromosome IS NOT NULL
    MATCH (n:SNP {chromosome: $chromosome})
    RETURN n
    UNION ALL
    UNWIND coalesce($among, []) AS cluster
    MATCH (n:Concept {cluster: cluster})
    RETURN n
    UNION ALL
    UNWIND coalesce($among, []) AS cluster
    MATCH (n:Entity {id: cluster})
    WHERE n:SNP
    RETURN n
  }
  WITH n
  WHERE n.kind IN $kinds AND n.embedding_0 IS NOT NULL
    AND ($chromosome IS NULL OR n.chromosome = $chromosome)
    AND ($first IS NULL OR n.build = $build AND $first <= n.position <= $last)
    AND ($sources = [] OR EXISTS { (n)-[r]-() WHERE r.source IN $sources })
    AND NOT coalesce(n.cluster, n.id) IN $without
  // the best node of a cluster is the minimum of [−score, id], which needs no sort
  WITH coalesce(n.cluster, n.id) AS cluster, min([-vector.similarity.cosine(n.embedding_0, $vector), n.id]) AS best
  ORDER BY best LIMIT $k
  MATCH (n:Entity {id: best[1]})
  WITH n, cluster, best ORDER BY best
  RETURN collect(n.id) AS id, collect(n.kind) AS kind, collect(cluster) AS cluster,
         collect(coalesce(n.chromosome, '')) AS chromosome, collect(coalesce(n.position, 0)) AS position,
         collect(-best[0]) AS score
}
RETURN id, kind, cluster, chromosome, position, score
