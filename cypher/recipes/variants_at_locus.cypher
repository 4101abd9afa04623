// Which variants of a locus are nearest to a disease, and what is reported of each?
// The SNPs within a window around an SNP or a position, ordered by their cosine with the disease. Reports count for the
// disease itself (any code of its cluster) and for its subtypes. The odds ratio or beta is that of the allele beside it.
// Returns no rows if `embedding_0` is not the property of the active model.
// $disease: Disease = 'MONDO:0008383' — the disease
// $snp: SNP or position = 'rs2476601' — the SNP at the centre, or build:chromosome:position
// $window: Integer = 250000 — base pairs to each side
// $limit: Integer = 20 — maximum number of SNPs
// $published_before: Date? = null — reports published on or after this day do not count
// returns: rank, snp, position, cosine (−1 to 1, as stored: SNP and disease), reports (for the disease), neg_log10_p,
//   allele, odds_ratio, beta (of the strongest report), r2 (with the SNP at the centre, if LD is loaded), genes
//   (symbols)
// nothing: try a wider window, or the position in another build (only SNPs of the same build are compared)
MATCH (:Model {active: true, index: 'embedding_0'})
MATCH (queried:Entity {id: $disease})
MATCH (d:Entity {id: queried.cluster})
OPTIONAL MATCH (middle:Entity {id: $snp})
WITH d, middle, split($snp, ':') AS fields
WITH d, middle,
     coalesce(middle.build, fields[0]) AS build,
     coalesce(middle.chromosome, fields[1]) AS chromosome,
     coalesce(middle.position, toInteger(fields[2])) AS position
CALL (d) {
  MATCH (:Concept {cluster: d.cluster})<-[:IS_A*0..6]-(below:Concept)
  MATCH (same:Concept {cluster: below.cluster})
  RETURN collect(DISTINCT same.id) AS traits
}
MATCH (s:SNP {chromosome: chromosome})
WHERE position - $window <= s.position <= position + $window AND s.build = build
WITH traits, middle, s, 2 * vector.similarity.cosine(s.embedding_0, d.embedding_0) - 1 AS cosine
ORDER BY cosine DESC, s.id LIMIT $limit
WITH traits, middle, s, cosine,
     COLLECT {
       MATCH (s)-[r:ASSOCIATED_WITH|CORRELATES_WITH]->(t:Concept)
       WHERE t.id IN traits
         AND ($published_before IS NULL OR r.published IS NULL OR r.published < date($published_before))
       RETURN r ORDER BY coalesce(r.neg_log10_p, 0) DESC, r.key
     } AS reports
WITH cosine, reports, s,
     COLLECT { MATCH (s)-[l:IN_LD_WITH]-(middle) RETURN l.r2 ORDER BY l.r2 DESC }[0] AS r2,
     COLLECT { MATCH (s)-[n:LOCATED_IN|REPORTED_GENE|REGULATES|NEAREST_TO]->(g:Gene)
               WITH g.name AS gene, min(CASE type(n) WHEN 'LOCATED_IN' THEN 0 WHEN 'REPORTED_GENE' THEN 1
                                        WHEN 'REGULATES' THEN 2 ELSE 3 END) AS nearness
               RETURN gene ORDER BY nearness, gene } AS genes
ORDER BY cosine DESC, s.id
WITH collect({snp: s, cosine: cosine, reports: reports, r2: r2, genes: genes}) AS found
UNWIND range(0, size(found) - 1) AS at
WITH at + 1 AS rank, found[at].snp AS s, found[at].cosine AS cosine, found[at].reports AS reports, found[at].r2 AS r2,
     found[at].genes AS genes
RETURN rank, s.id AS snp, s.position AS position, round(cosine, 4) AS cosine, size(reports) AS reports,
       reports[0].neg_log10_p AS neg_log10_p, reports[0].effect_allele AS allele, reports[0].odds_ratio AS odds_ratio,
       reports[0].beta AS beta, r2, genes
ORDER BY rank
