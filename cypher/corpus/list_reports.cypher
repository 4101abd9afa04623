// The dated reports on the SNPs in a range of ids, in columns: traits and genes; a missing odds ratio is -1.
// $first, $last: the range of ids, both inclusive
// returns: snp, end, type, paper, published (days since 1970), clear, odds_ratio (lists); clear: one SNP, below 1e-5
MATCH (snp:Entity)
WHERE $first <= snp.id <= $last AND snp:SNP
MATCH (snp)-[r:ASSOCIATED_WITH|REPORTED_GENE]->(end:Concept)
WHERE r.published IS NOT NULL
WITH snp.id AS snp, end.id AS end, type(r) AS type, coalesce(r.pubmed_id, r.study, r.key) AS paper,
     duration.inDays(date('1970-01-01'), r.published).days AS published,
     NOT any(f IN coalesce(r.flags, []) WHERE f IN ['sub_significant', 'multi_snp']) AND coalesce(r.weight, 1.0) > 0 AS clear,
     coalesce(r.odds_ratio, -1.0) AS odds_ratio
ORDER BY snp, end, type, paper, published
RETURN collect(snp) AS snp, collect(end) AS end, collect(type) AS type, collect(paper) AS paper,
       collect(published) AS published, collect(clear) AS clear, collect(odds_ratio) AS odds_ratio
