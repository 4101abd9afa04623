// What changed near a disease between two models?
// The nearest nodes of a kind by the active model and by another model whose vectors are still stored, side by side.
// Cosines of SNPs use the complete vectors, those of concepts the learnt half. Returns no rows if `embedding_0` or
// `embedding_1` is not the property of its model.
// $disease: Disease = 'MONDO:0008383' — the disease
// $other: Model? = null — the other model; null: the newest that is not active
// $kind: Kind = 'SNP' — kind of the hits (SNP, Disease, Drug, Phenotype …); for the SNPs of a gene use `search`
// $k: Integer = 20 — nodes per model
// $learnt: Integer = 384 — numbers of a vector that cosines between concepts use, from the first; set from the model
// $other_learnt: Integer = 384 — the same for the other model
// $published_before: Date? = null — reports published on or after this day do not count
// returns: id, name, change ("came", "left", "rose", "fell", "stayed"), rank, cosine (−1 to 1, by the active model),
//   other_rank, other_cosine (by the other model; a rank beyond k is null), linked (an edge joins it to the disease)
// nothing: try another kind
CYPHER 25
MATCH (:Model {active: true, index: 'embedding_0'})
MATCH (:Model {id: $other, index: 'embedding_1'})
MATCH (queried:Entity {id: $disease})
MATCH (d:Entity {id: queried.cluster})
WITH d, CASE WHEN $kind = 'SNP' THEN size(d.embedding_0) ELSE $learnt END AS first,
     CASE WHEN $kind = 'SNP' THEN size(d.embedding_1) ELSE $other_learnt END AS other_first
WITH d, first, other_first,
     d.embedding_0[..first] + [i IN range(first + 1, size(d.embedding_0)) | 0.0] AS question,
     d.embedding_1[..other_first] + [i IN range(other_first + 1, size(d.embedding_1)) | 0.0] AS other_question
CALL (d, question) {
  MATCH (n:Entity)
  SEARCH n IN (VECTOR INDEX embedding_0 FOR question WHERE n.kind = $kind LIMIT 200) SCORE AS score
  WITH d, n, score WHERE n.cluster IS NULL OR n.cluster <> d.cluster
  WITH n, score ORDER BY score DESC, n.id LIMIT $k
  RETURN collect(n) AS now
}
CALL (d, other_question) {
  MATCH (n:Entity)
  SEARCH n IN (VECTOR INDEX embedding_1 FOR other_question WHERE n.kind = $kind LIMIT 200) SCORE AS score
  WITH d, n, score WHERE n.cluster IS NULL OR n.cluster <> d.cluster
  WITH n, score ORDER BY score DESC, n.id LIMIT $k
  RETURN collect(n) AS then
}
UNWIND now + [n IN then WHERE NOT n IN now] AS n
WITH d, n, first, other_first,
     [i IN range(0, size(now) - 1) WHERE now[i] = n | i + 1][0] AS rank,
     [i IN range(0, size(then) - 1) WHERE then[i] = n | i + 1][0] AS other_rank
RETURN n.id AS id, coalesce(n.name, n.id) AS name,
       CASE WHEN other_rank IS NULL THEN 'came' WHEN rank IS NULL THEN 'left' WHEN rank < other_rank THEN 'rose'
            WHEN rank > other_rank THEN 'fell' ELSE 'stayed' END AS change,
       rank, round(2 * vector.similarity.cosine(n.embedding_0[..first], d.embedding_0[..first]) - 1, 4) AS cosine,
       other_rank,
       round(2 * vector.similarity.cosine(n.embedding_1[..other_first], d.embedding_1[..other_first]) - 1, 4) AS other_cosine,
       EXISTS {
         MATCH (:Concept {cluster: d.cluster})-[r]-(m:Entity)
         WHERE (m = n OR m.cluster = n.cluster) AND NOT type(r) STARTS WITH 'NOT_'
           AND ($published_before IS NULL OR r.published IS NULL OR r.published < date($published_before))
       } AS linked
ORDER BY rank, other_rank
