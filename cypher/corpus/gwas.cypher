// Task gwas: an SNP and a trait that studies associate with it. The largest weight of each study is used, and studies are
// combined as 1 − Π(1 − w). The effect is the largest |ln odds ratio|; -1 if none is known.
// $first, $last: the range of anchor ids, both inclusive
// $published_before: reports from this date on, and undated ones, are left out; null: none
// returns: anchor, positive (ids), weight, effect (lists)
MATCH (snp:Entity)
WHERE $first <= snp.id <= $last AND snp:SNP
MATCH (snp)-[r:ASSOCIATED_WITH]->(trait:Concept)
WHERE r.weight > 0 AND NOT 'sub_significant' IN coalesce(r.flags, [])
  AND ($published_before IS NULL OR r.published < $published_before)
WITH snp.id AS anchor, trait.id AS positive, coalesce(r.study, r.pubmed_id, r.key) AS study,
     max(r.weight) AS weight, max(coalesce(abs(log(r.odds_ratio)), -1.0)) AS effect
WITH anchor, positive, 1.0 - reduce(rest = 1.0, w IN collect(weight) | rest * (1.0 - w)) AS weight,
     max(effect) AS effect
ORDER BY anchor, positive
RETURN collect(anchor) AS anchor, collect(positive) AS positive, collect(weight) AS weight, collect(effect) AS effect
