// Pairs of SNP and trait with a reported odds ratio, for SNPs in a range of ids, as columns; effects that are not of a
// single SNP are left out.
// $first, $last: the range of ids, both inclusive
// returns: snp, trait, type (of the edges), log_odds (mean |ln odds ratio| of the pair's reports), reports (lists)
MATCH (s:Entity)
WHERE $first <= s.id <= $last AND s:SNP
MATCH (s)-[r:ASSOCIATED_WITH|CORRELATES_WITH]->(t:Concept)
WHERE r.odds_ratio > 0 AND NOT 'multi_snp' IN coalesce(r.flags, [])
WITH s.id AS snp, t.id AS trait, type(r) AS type, avg(abs(log(r.odds_ratio))) AS log_odds, count(*) AS reports
ORDER BY snp, trait, type
RETURN collect(snp) AS snp, collect(trait) AS trait, collect(type) AS type, collect(log_odds) AS log_odds,
       collect(reports) AS reports
