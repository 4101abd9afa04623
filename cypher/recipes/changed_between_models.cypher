// What changed near a disease between two models?
// The nearest nodes of a kind by the active model and by another one whose vectors still stand on the nodes, side by side.
// Cosines of SNPs are of whole vectors, those of concepts of the learnt half. Nothing comes if a slot in the file is not that of
// the active model, or of the other one.
// $disease: id of the disease (a name or a code will do)
// $other: id of the other model (null: the newest that is not active, where the program asks)
// $kind: kind of the hits (SNP, Disease, Drug, Phenotype …; a gene's SNPs are asked for by another mix, so not here)
// $k: nodes of each model
// $learnt: numbers of a vector that a cosine between concepts looks at, from the first (the program fills in the model's)
// $other_learnt: the same of the other model
// $published_before: reports from this day on are not known yet (text as "2015-01-01"; null: all are)
// returns: id, name, change ("came", "left", "rose", "fell", "stayed"), rank, cosine (−1 to 1, by the active model), other_rank,
//   other_cosine (by the other one; a rank beyond k is null), linked (an edge joins it to the disease)
// nothing: try a kind of which there are nodes
// :param disease => 'MONDO:0008383'
// :param other => null
// :param kind => 'SNP'
// :param k => 20
// :param learnt => 384
// :param other_learnt => 384
// :param published_before => null
CYPHER 25
MATCH (:Model {active: true, index: 'embedding_0'})
MATCH (:Model {id: $other, index: 'embedding_1'})
MATCH (asked:Entity {id: $disease})
MATCH (d:Entity {id: asked.cluster})
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
