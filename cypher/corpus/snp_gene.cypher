// Task snp_gene: an SNP and a gene that contains it, that is nearest to it, or that a study reports for it.
// $first, $last: the range of anchor ids, both inclusive
// $published_before: reports from this date on are left out; null: none
// returns: anchor, positive (ids), weight (lists)
MATCH (snp:Entity)
WHERE $first <= snp.id <= $last AND snp:SNP
MATCH (snp)-[r:LOCATED_IN|NEAREST_TO|REPORTED_GENE]->(gene:Gene)
WHERE $published_before IS NULL OR r.published IS NULL OR r.published < $published_before
WITH DISTINCT snp.id AS anchor, gene.id AS positive ORDER BY anchor, positive
RETURN collect(anchor) AS anchor, collect(positive) AS positive, collect(1.0) AS weight
