// The genes that SNPs of a window lie in, each with the span of all SNPs of one build that lie in it (not the gene's own).
// $chromosome, $build: of the window
// $from, $to: first and last position, both inclusive
// returns: id, name, first, last (positions of the outermost SNPs), snps (how many lie in it)
MATCH (s:SNP {chromosome: $chromosome})-[:LOCATED_IN]->(g:Gene)
WHERE s.build = $build AND $from <= s.position <= $to
WITH DISTINCT g
MATCH (g)<-[:LOCATED_IN]-(s:SNP {chromosome: $chromosome})
WHERE s.build = $build
RETURN g.id AS id, g.name AS name, min(s.position) AS first, max(s.position) AS last, count(DISTINCT s) AS snps
ORDER BY first, id
