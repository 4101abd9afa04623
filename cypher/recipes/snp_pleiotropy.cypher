// How many dissimilar traits does an SNP affect, and in which direction?
// Each row is a trait (a cluster) of the SNP or of SNPs in LD with it. Directions refer to one allele of the SNP and use
// only its own reports, because the phase with other SNPs is unknown. `likest` is the SNP's other trait that is nearest to
// this one; a low cosine there means a different sort of trait. Returns no rows if `embedding_0` is not the property of the
// active model.
// $snp: SNP = 'rs2476601' — the SNP
// $allele: Text? = null — the effect allele; null: the one that most reports name
// $least: Number = 5.0 — −log10 p of the weakest report that counts; reports without a p-value count
// $least_r2: Number = 0.8 — minimum r² of SNPs whose reports count (needs LD; 1.1: the SNP's own reports only)
// $learnt: Integer = 384 — numbers of a vector that cosines between concepts use, from the first; set from the model
// $published_before: Date? = null — reports published on or after this day do not count
// returns: trait, trait_id, kind, reports, neg_log10_p (the largest), allele, direction ("raises", "lowers", "mixed" or
//   null), through (the SNP itself or SNPs in LD), likest (name of the most similar other trait), likeness (cosine, −1
//   to 1, by the learnt half)
// nothing: try a smaller $least; for an SNP without reports use traits_of_new_snp
MATCH (:Model {active: true, index: 'embedding_0'})
MATCH (s:Entity {id: $snp})
CALL (s) {
  RETURN s AS x
  UNION
  MATCH (s)-[l:IN_LD_WITH]-(x:SNP)
  WHERE l.r2 >= $least_r2
  RETURN x
}
MATCH (x)-[r:ASSOCIATED_WITH|CORRELATES_WITH]->(t:Concept)
WHERE coalesce(r.neg_log10_p, $least) >= $least
  AND ($published_before IS NULL OR r.published IS NULL OR r.published < date($published_before))
WITH s, collect({snp: x, report: r, cluster: t.cluster}) AS rows
WITH s, rows,
     coalesce($allele, COLLECT { UNWIND rows AS row WITH row WHERE row.snp = s AND row.report.effect_allele IS NOT NULL
                                 WITH row.report.effect_allele AS letter, count(*) AS times
                                 RETURN letter ORDER BY times DESC, letter LIMIT 1 }[0]) AS chosen
UNWIND rows AS row
WITH s, chosen, row.snp AS x, row.report AS r, row.cluster AS cluster
WITH s, chosen, x, r, cluster,
     CASE
       WHEN x <> s OR 'palindromic' IN coalesce(r.flags, []) THEN null
       WHEN r.effect_allele = chosen THEN 1
       WHEN r.other_allele = chosen OR (r.effect_allele IN s.alleles AND chosen IN s.alleles) THEN -1
     END * sign(CASE WHEN r.odds_ratio IS NOT NULL THEN log(r.odds_ratio) ELSE r.beta END) AS direction
WITH s, chosen, cluster, count(r) AS reports, max(r.neg_log10_p) AS strongest, collect(DISTINCT x.id) AS through,
     collect(DISTINCT direction) AS directions
MATCH (t:Entity {id: cluster})
WITH chosen, collect({trait: t, reports: reports, strongest: strongest, through: through, directions: directions}) AS found
UNWIND found AS row
WITH chosen, found, row, row.trait AS t
WITH chosen, row, t,
     COLLECT { UNWIND found AS one WITH one.trait AS o WHERE o <> t
               WITH o, 2 * vector.similarity.cosine(o.embedding_0[..$learnt], t.embedding_0[..$learnt]) - 1 AS cosine
               RETURN {name: o.name, cosine: cosine} ORDER BY cosine DESC, o.id LIMIT 1 }[0] AS likest
RETURN t.name AS trait, t.id AS trait_id, t.kind AS kind, row.reports AS reports, row.strongest AS neg_log10_p,
       CASE WHEN row.directions <> [] THEN chosen END AS allele,
       CASE
         WHEN 1.0 IN row.directions AND -1.0 IN row.directions THEN 'mixed'
         WHEN 1.0 IN row.directions THEN 'raises'
         WHEN -1.0 IN row.directions THEN 'lowers'
       END AS direction,
       row.through AS through, likest.name AS likest, round(likest.cosine, 4) AS likeness
ORDER BY neg_log10_p DESC, trait_id
