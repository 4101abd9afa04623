// What are the reported effects of one SNP, all for the same allele?
// Reports of the other allele are converted (odds ratio to its inverse, beta to its negative). A report without an allele,
// or with one that cannot be mapped to the chosen one, has no effect here. Letters of the opposite strand are complemented
// if the SNP's two alleles determine the strand.
// $snp: SNP = 'rs2476601' — the SNP
// $allele: Text? = null — the effect allele; null: the one that most reports name
// returns: disease, disease_id, kind, allele (null: unknown), odds_ratio, ci_low, ci_high (of the odds ratio or of
//   beta), beta, beta_unit, direction ("raises", "lowers", null), reported_allele, neg_log10_p, study, pubmed_id,
//   published, source
// nothing: try an SNP with reports (ASSOCIATED_WITH)
MATCH (s:Entity {id: $snp})-[r:ASSOCIATED_WITH]->(t:Concept)
WITH s, t, r, {A: 'T', T: 'A', C: 'G', G: 'C'} AS complement
ORDER BY t.name, r.pubmed_id, r.key
WITH s, complement, collect({trait: t, report: r}) AS rows
// the SNP's two alleles: from the node, else from a report with both, else from the letters of all reports
WITH s, complement, rows,
     [row IN rows WHERE row.report.effect_allele IS NOT NULL AND row.report.other_allele IS NOT NULL |
       [row.report.effect_allele, row.report.other_allele]] AS both,
     COLLECT { UNWIND rows AS row WITH row.report.effect_allele AS letter WHERE letter IS NOT NULL
               RETURN DISTINCT letter ORDER BY letter } AS letters
WITH complement, rows, letters,
     CASE
       WHEN size(s.alleles) = 2 THEN s.alleles
       WHEN both <> [] THEN both[0]
       WHEN size(letters) = 2 AND coalesce(complement[letters[0]], '') <> letters[1] THEN letters
       ELSE []
     END AS pair
WITH complement, rows, letters, pair,
     size(pair) = 2 AND coalesce(complement[pair[0]], '') <> pair[1] AS strand_is_told
WITH rows, letters, pair,
     [row IN rows | row {.*, allele:
       CASE
         WHEN row.report.effect_allele IS NULL THEN null
         WHEN strand_is_told AND NOT row.report.effect_allele IN pair AND complement[row.report.effect_allele] IN pair
           THEN complement[row.report.effect_allele]
         ELSE row.report.effect_allele
       END}] AS told
WITH pair, told,
     coalesce($allele, COLLECT { UNWIND told AS row WITH row.allele AS letter WHERE letter IS NOT NULL
                                 WITH letter, count(*) AS times ORDER BY times DESC, letter LIMIT 1
                                 RETURN letter }[0]) AS chosen
UNWIND told AS row
WITH chosen, row.trait AS t, row.report AS r,
     CASE
       WHEN row.allele = chosen THEN 1
       WHEN row.allele IN pair AND chosen IN pair THEN -1
     END AS sign
WITH chosen, t, r, sign,
     CASE sign WHEN 1 THEN r.odds_ratio WHEN -1 THEN 1 / r.odds_ratio END AS odds_ratio,
     CASE sign WHEN 1 THEN r.beta WHEN -1 THEN -r.beta END AS beta
RETURN t.name AS disease, t.id AS disease_id, t.kind AS kind,
       CASE WHEN sign IS NOT NULL THEN chosen END AS allele,
       round(odds_ratio, 3) AS odds_ratio,
       CASE WHEN sign = 1 THEN r.ci_low WHEN sign = -1 AND r.odds_ratio IS NOT NULL THEN round(1 / r.ci_high, 3)
            WHEN sign = -1 THEN -r.ci_high END AS ci_low,
       CASE WHEN sign = 1 THEN r.ci_high WHEN sign = -1 AND r.odds_ratio IS NOT NULL THEN round(1 / r.ci_low, 3)
            WHEN sign = -1 THEN -r.ci_low END AS ci_high,
       beta, r.beta_unit AS beta_unit,
       CASE WHEN odds_ratio > 1 OR beta > 0 THEN 'raises' WHEN odds_ratio < 1 OR beta < 0 THEN 'lowers' END AS direction,
       r.effect_allele AS reported_allele, r.neg_log10_p AS neg_log10_p, r.study AS study, r.pubmed_id AS pubmed_id,
       r.published AS published, r.source AS source
ORDER BY odds_ratio IS NULL, odds_ratio DESC, disease, published, pubmed_id
