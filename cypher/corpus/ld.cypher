// Task ld: two SNPs in linkage disequilibrium, r² ≥ 0.2; the weight is the largest r² over the populations.
// $first, $last: the range of anchor ids, both inclusive
// returns: anchor, positive (ids), weight (lists)
MATCH (snp:Entity)
WHERE $first <= snp.id <= $last AND snp:SNP
MATCH (snp)-[r:IN_LD_WITH]->(other:SNP)
WHERE r.r2 >= 0.2
WITH snp.id AS anchor, other.id AS positive, max(r.r2) AS weight ORDER BY anchor, positive
RETURN collect(anchor) AS anchor, collect(positive) AS positive, collect(weight) AS weight
