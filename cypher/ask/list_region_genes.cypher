// The genes with SNPs in a window, each with the span of its SNPs of one build (not the span of the gene).
// $chromosome, $build: chromosome and build of the window
// $from, $to: first and last position, both inclusive
// returns: id, name, first, last (positions of the outermost SNPs), snps (their number)
MATCH (s:SNP {chromosome: $chromosome})-[:LOCATED_IN]->(g:Gene)
WHERE s.build = $build AND $from <= s.position <= $to
WITH DISTINCT g
MATCH (g)<-[:LOCATED_IN]-(s:SNP {chromosome: $chromosome})
WHERE s.build = $build
RETURN g.id AS id, g.name AS name, min(s.position) AS first, max(s.position) AS last, count(DISTINCT s) AS snps
ORDER BY first, id
