// What do studies and cohorts report of an SNP, and do they agree for the same allele?
// Each row compares a report with the strongest report of the same trait from another cohort, source or paper. Two traits
// are the same if they are one cluster or if their cosine is at least `alike`, because cohorts and catalogues use different
// vocabularies. Returns no rows if `embedding_0` is not the property of the active model.
// $snp: SNP = 'rs2476601' — the SNP
// $disease: Disease? = null — only reports of this disease and of similar traits; null: of all traits
// $alike: Number = 0.8 — minimum cosine of two traits that count as the same (−1 to 1, by the learnt half)
// $learnt: Integer = 384 — numbers of a vector that cosines between concepts use, from the first; set from the model
// $published_before: Date? = null — reports published on or after this day do not count
// returns: trait, trait_id, reported_by (cohort, else source, and paper), allele, odds_ratio, ci_low, ci_high, beta,
//   neg_log10_p, cases, published, other_trait, other_by, likeness (cosine), other_odds_ratio, other_beta (both for the
//   same allele), agrees (whether the directions are the same; null: one of them is unknown)
// nothing: try a lower $alike; reports from at least two sources are needed
MATCH (:Model {active: true, index: 'embedding_0'})
MATCH (s:Entity {id: $snp})-[r:ASSOCIATED_WITH|CORRELATES_WITH]->(named:Concept)
WHERE $published_before IS NULL OR r.published IS NULL OR r.published < date($published_before)
MATCH (t:Entity {id: named.cluster})
OPTIONAL MATCH (queried:Entity {id: $disease})
OPTIONAL MATCH (d:Entity {id: queried.cluster})
WITH s, t, r, coalesce(r.cohort, r.source) + coalesce(' ' + r.pubmed_id, '') AS reported_by
WHERE $disease IS NULL
   OR 2 * vector.similarity.cosine(t.embedding_0[..$learnt], d.embedding_0[..$learnt]) - 1 >= $alike
WITH s, collect({trait: t, report: r, reported_by: reported_by}) AS rows
UNWIND rows AS a
WITH s, rows, a, a.report AS r
WITH s, a, r,
     COLLECT {
       UNWIND rows AS b
       WITH b WHERE b.reported_by <> a.reported_by
       WITH b, CASE WHEN b.trait = a.trait THEN 1.0 ELSE
         2 * vector.similarity.cosine(b.trait.embedding_0[..$learnt], a.trait.embedding_0[..$learnt]) - 1 END AS likeness
       WHERE likeness >= $alike
       RETURN b {.*, likeness: likeness} ORDER BY likeness DESC, b.report.effect_allele IS NULL, coalesce(b.report.neg_log10_p, 0) DESC, b.report.key
       LIMIT 1
     }[0] AS b
WITH a, r, b, b.report AS o,
     CASE
       WHEN 'palindromic' IN coalesce(r.flags, []) + coalesce(b.report.flags, []) THEN null
       WHEN b.report.effect_allele = r.effect_allele THEN 1
       WHEN b.report.other_allele = r.effect_allele OR r.other_allele = b.report.effect_allele
         OR (r.effect_allele IN s.alleles AND b.report.effect_allele IN s.alleles) THEN -1
     END AS turn
WHERE b IS NOT NULL
WITH a, r, b, CASE turn WHEN 1 THEN o.odds_ratio WHEN -1 THEN 1 / o.odds_ratio END AS odds_ratio, turn * o.beta AS beta
RETURN a.trait.name AS trait, a.trait.id AS trait_id, a.reported_by AS reported_by, r.effect_allele AS allele,
       r.odds_ratio AS odds_ratio, r.ci_low AS ci_low, r.ci_high AS ci_high, r.beta AS beta, r.neg_log10_p AS neg_log10_p,
       r.cases AS cases, r.published AS published, b.trait.name AS other_trait, b.reported_by AS other_by,
       round(b.likeness, 4) AS likeness, round(odds_ratio, 3) AS other_odds_ratio, beta AS other_beta,
       sign(CASE WHEN r.odds_ratio IS NOT NULL THEN log(r.odds_ratio) ELSE r.beta END)
         = sign(CASE WHEN odds_ratio IS NOT NULL THEN log(odds_ratio) ELSE beta END) AS agrees
ORDER BY trait, neg_log10_p DESC, reported_by, r.key
