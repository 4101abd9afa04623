// The clusters nearest to a vector, best first, found by looking at every node that may be an answer: exact, and slow where
// these are many; no row if the model is not the active one any more.
// $model: the model's id
// $vector: the question, a list of floats
// $kinds: kinds to look among (list)
// $k: clusters at most
// $among: ids of clusters to look among (null: all)
// $without: ids of clusters that are no answer (list)
// $sources: names; nodes count that have an edge of one of them (list; empty: all)
// $chromosome: SNPs there (null: anywhere), and in between, where these are not null:
// $build, $first, $last: the build of the positions, first and last base
// returns: id, kind, cluster, chromosome, position, score (lists; id is the cluster's nearest node,
//   chromosome '' and position 0 where there is none, score (1 + cosine) / 2)
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
  // the best of each cluster as the least of [−score, id]: no sort of them all
  WITH coalesce(n.cluster, n.id) AS cluster, min([-vector.similarity.cosine(n.embedding_0, $vector), n.id]) AS best
  ORDER BY best LIMIT $k
  MATCH (n:Entity {id: best[1]})
  WITH n, cluster, best ORDER BY best
  RETURN collect(n.id) AS id, collect(n.kind) AS kind, collect(cluster) AS cluster,
         collect(coalesce(n.chromosome, '')) AS chromosome, collect(coalesce(n.position, 0)) AS position,
         collect(-best[0]) AS score
}
RETURN id, kind, cluster, chromosome, position, score
