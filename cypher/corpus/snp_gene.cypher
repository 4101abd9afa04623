// Task snp_gene: an SNP and a gene that it lies in, is nearest to, or that a study names for it.
// $first, $last: the range of ids of anchors, both inclusive
// $published_before: a date from which on reports are left out, or null
// returns: anchor, positive (ids), weight (lists)
MATCH (snp:Entity)
WHERE $first <= snp.id <= $last AND snp:SNP
MATCH (snp)-[r:LOCATED_IN|NEAREST_TO|REPORTED_GENE]->(gene:Gene)
WHERE $published_before IS NULL OR r.published IS NULL OR r.published < $published_before
WITH DISTINCT snp.id AS anchor, gene.id AS positive ORDER BY anchor, positive
RETURN collect(anchor) AS anchor, collect(positive) AS positive, collect(1.0) AS weight
