// The SNPs at genomic positions.
// $positions: maps with code, build, chromosome, position and alleles (list, empty: any)
// returns: code, id, kind, name, cluster, rank (0), degree
UNWIND $positions AS row
MATCH (n:SNP {chromosome: row.chromosome, position: row.position})
WHERE n.build = row.build AND all(allele IN row.alleles WHERE allele IN n.alleles)
RETURN row.code AS code, n.id AS id, n.kind AS kind, n.id AS name, n.id AS cluster, 0 AS rank, COUNT { (n)--() } AS degree
ORDER BY code, id
