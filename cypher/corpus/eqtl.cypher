// Task eqtl: an SNP and a gene whose expression it changes; the weight is the largest over the tissues.
// $first, $last: the range of anchor ids, both inclusive
// returns: anchor, positive (ids), weight (lists)
MATCH (snp:Entity)
WHERE $first <= snp.id <= $last AND snp:SNP
MATCH (snp)-[r:REGULATES]->(gene:Gene)
WHERE r.weight > 0 AND NOT 'sub_significant' IN coalesce(r.flags, [])
WITH snp.id AS anchor, gene.id AS positive, max(r.weight) AS weight ORDER BY anchor, positive
RETURN collect(anchor) AS anchor, collect(positive) AS positive, collect(weight) AS weight
