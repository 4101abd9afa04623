// Task phewas: an SNP and a trait that correlate in a cohort; the weight is the largest over the cohorts.
// The effect is the largest |ln odds ratio|; -1 if none is known.
// $first, $last: the range of anchor ids, both inclusive
// $published_before: reports from this date on are left out; null: none
// returns: anchor, positive (ids), weight, effect (lists)
MATCH (snp:Entity)
WHERE $first <= snp.id <= $last AND snp:SNP
MATCH (snp)-[r:CORRELATES_WITH]->(trait:Concept)
WHERE r.weight > 0 AND NOT 'sub_significant' IN coalesce(r.flags, [])
  AND ($published_before IS NULL OR r.published IS NULL OR r.published < $published_before)
WITH snp.id AS anchor, trait.id AS positive, max(r.weight) AS weight,
     max(coalesce(abs(log(r.odds_ratio)), -1.0)) AS effect
ORDER BY anchor, positive
RETURN collect(anchor) AS anchor, collect(positive) AS positive, collect(weight) AS weight, collect(effect) AS effect
