// The SNPs in a window, of any build, with the reports of some traits.
// $snp: the SNP at the centre of the window
// $chromosome: chromosome of the window
// $from, $to: first and last position, both inclusive
// $traits: ids of the traits (list)
// returns: id, position, build, neg_log10_p, trait, study, pubmed_id (of the report with the smallest p; null without
//   one), reports, r2 (largest with $snp, 1 for itself; null: unknown), posterior (largest inclusion probability; null:
//   unknown)
MATCH (s:SNP {chromosome: $chromosome})
WHERE $from <= s.position <= $to
WITH s,
     COLLECT {
       MATCH (s)-[r:ASSOCIATED_WITH|CORRELATES_WITH]->(t:Concept)
       WHERE t.id IN $traits
       WITH r, t ORDER BY coalesce(r.neg_log10_p, -1.0) DESC, r.source, r.key
       RETURN {p: r.neg_log10_p, trait: t.name, study: r.study, pubmed_id: r.pubmed_id, posterior: r.posterior}
     } AS reports,
     COLLECT { MATCH (s)-[l:IN_LD_WITH]-(:SNP {id: $snp}) RETURN l.r2 ORDER BY l.r2 DESC LIMIT 1 }[0] AS r2
RETURN s.id AS id, s.position AS position, s.build AS build, reports[0].p AS neg_log10_p, reports[0].trait AS trait,
       reports[0].study AS study, reports[0].pubmed_id AS pubmed_id, size(reports) AS reports,
       CASE WHEN s.id = $snp THEN 1.0 ELSE r2 END AS r2,
       reduce(most = null, r IN reports | CASE WHEN most IS NULL OR r.posterior > most THEN r.posterior ELSE most END) AS posterior
ORDER BY position, id
