// Which pairs are near each other in the space but not connected in the graph?
// Each node of a set (a concept and all of its subtypes) is paired with its nearest nodes of a kind; pairs of clusters that
// a path of up to `hops` edges joins are removed. Either the graph lacks an edge, or the cosine comes only from similar
// names. Returns no rows if `embedding_0` is not the property of the active model.
// $concept: Concept = 'MONDO:0007179' — the concept whose subtypes (IS_A, six levels) are the set
// $kind: Kind = 'Disease' — kind of the hits (Disease, Drug, Gene, Phenotype …; not SNP)
// $anchors: Integer = 50 — maximum number of nodes of the set, those with the most edges first
// $k: Integer = 20 — hits considered for each node
// $hops: Integer = 2 — maximum length of a path that explains a pair (1 or 2 edges)
// $learnt: Integer = 384 — numbers of a vector that cosines between concepts use, from the first; set from the model
// $limit: Integer = 20 — maximum number of pairs
// $published_before: Date? = null — reports published on or after this day explain nothing
// returns: id, name, near_id, near_name, cosine (−1 to 1, by the learnt half), edges, near_edges (numbers of edges of
//   the clusters)
// nothing: try a concept with more subtypes, a larger $k, or a smaller $hops
CYPHER 25
MATCH (:Model {active: true, index: 'embedding_0'})
MATCH (queried:Entity {id: $concept})
CALL (queried) {
  MATCH (:Concept {cluster: queried.cluster})<-[:IS_A*0..6]-(below:Concept)
  WITH DISTINCT below.cluster AS cluster
  MATCH (a:Entity {id: cluster})
  RETURN a ORDER BY COUNT { (a)--() } DESC, a.id LIMIT $anchors
}
WITH a, a.embedding_0[..$learnt] + [i IN range($learnt + 1, size(a.embedding_0)) | 0.0] AS question
CALL (a, question) {
  MATCH (near:Entity)
  SEARCH near IN (VECTOR INDEX embedding_0 FOR question WHERE near.kind = $kind LIMIT $k)
  WITH a, near WHERE near.cluster <> a.cluster
  RETURN DISTINCT near.cluster AS cluster
}
MATCH (b:Entity {id: cluster})
WITH DISTINCT CASE WHEN b.kind = a.kind AND b.id < a.id THEN [b, a] ELSE [a, b] END AS pair
WITH pair[0] AS a, pair[1] AS b
WITH a, b, 2 * vector.similarity.cosine(a.embedding_0[..$learnt], b.embedding_0[..$learnt]) - 1 AS cosine,
     COLLECT { MATCH (m:Concept {cluster: a.cluster}) RETURN m } AS left,
     COLLECT { MATCH (m:Concept {cluster: b.cluster}) RETURN m } AS right
ORDER BY cosine DESC, a.id, b.id
WHERE NOT EXISTS {
  UNWIND left AS m
  MATCH (m)-[r]-(o:Concept {cluster: b.cluster})
  WHERE NOT type(r) STARTS WITH 'NOT_'
    AND ($published_before IS NULL OR r.published IS NULL OR r.published < date($published_before))
} AND ($hops < 2 OR NOT EXISTS {
  UNWIND left AS m
  MATCH (m)-[r]-(x:Entity)-[q]-(o:Concept {cluster: b.cluster})
  WHERE NOT type(r) STARTS WITH 'NOT_' AND NOT type(q) STARTS WITH 'NOT_'
    AND ($published_before IS NULL OR r.published IS NULL OR r.published < date($published_before))
    AND ($published_before IS NULL OR q.published IS NULL OR q.published < date($published_before))
})
WITH a, b, cosine, left, right LIMIT $limit
RETURN a.id AS id, a.name AS name, b.id AS near_id, b.name AS near_name, round(cosine, 4) AS cosine,
       reduce(n = 0, m IN left | n + COUNT { (m)--() }) AS edges,
       reduce(n = 0, m IN right | n + COUNT { (m)--() }) AS near_edges
ORDER BY cosine DESC, id, near_id
