// What may an SNP without reports affect, judged by its LD partners, its genes and its neighbours?
// Reports of other SNPs count: SNPs in LD by r², SNPs within the window by e^(−distance / 25 kb), SNPs of the same gene by
// at least 0.2. `evidence` is 1 − Π(1 − that × the report's weight) over those SNPs. The SNP's own reports do not count;
// `known` shows them, so that a known SNP shows how good the evidence is. An SNP that is not in the graph is given by its
// position. Returns no rows if `embedding_0` is not the property of the active model.
// $snp: SNP or position = 'rs2476601' — the SNP, or build:chromosome:position
// $window: Integer = 100000 — base pairs to each side
// $least_r2: Number = 0.2 — minimum r² of SNPs in LD
// $limit: Integer = 10 — maximum number of traits
// $published_before: Date? = null — reports published on or after this day do not count
// returns: trait, trait_id, kind, evidence (0 to 1), cosine (−1 to 1, as stored: SNP and trait; null: the SNP is not in
//   the graph), snps (the strongest first), ways ("LD", "gene", "position"), genes (shared, symbols), known (reported
//   for the SNP itself)
// nothing: try a wider window, or the position in another build; LD and genes count only if their sources are loaded
MATCH (:Model {active: true, index: 'embedding_0'})
OPTIONAL MATCH (s:Entity {id: $snp})
WITH s, split($snp, ':') AS fields
WITH s, coalesce(s.build, fields[0]) AS build, coalesce(s.chromosome, fields[1]) AS chromosome,
     coalesce(s.position, toInteger(fields[2])) AS position
CALL (s, build, chromosome, position) {
  MATCH (s)-[l:IN_LD_WITH]-(o:SNP)
  WHERE l.r2 >= $least_r2
  RETURN o, 'LD' AS way, l.r2 AS strength, null AS gene
  UNION
  MATCH (o:SNP {chromosome: chromosome})
  WHERE position - $window <= o.position <= position + $window AND o.build = build AND o.id <> $snp
  RETURN o, 'position' AS way, exp(-abs(o.position - position) / 25000.0) AS strength, null AS gene
  UNION
  // the SNP's genes; for a position those of the nearest SNP
  CALL (s, build, chromosome, position) {
    MATCH (x:SNP {chromosome: chromosome})
    WHERE position - $window <= x.position <= position + $window AND x.build = build AND (s IS NULL OR x.id = $snp)
    RETURN x ORDER BY abs(x.position - position), x.id LIMIT 1
  }
  MATCH (x)-[:LOCATED_IN|REGULATES|REPORTED_GENE|NEAREST_TO]->(named:Gene)
  MATCH (g:Concept {cluster: named.cluster})<-[:LOCATED_IN|REGULATES|REPORTED_GENE|NEAREST_TO]-(o:SNP)
  WHERE o.id <> $snp
  RETURN DISTINCT o, 'gene' AS way, 0.2 AS strength, named.name AS gene
}
WITH s, o, max(strength) AS strength, collect(DISTINCT way) AS ways, collect(DISTINCT gene) AS genes
MATCH (o)-[r:ASSOCIATED_WITH|CORRELATES_WITH]->(t:Concept)
WHERE r.weight IS NOT NULL AND ($published_before IS NULL OR r.published IS NULL OR r.published < date($published_before))
WITH s, t.cluster AS cluster, o, strength, ways, genes, max(r.weight) AS weight
ORDER BY strength * weight DESC, o.id
WITH s, cluster, collect({snp: o.id, ways: ways, genes: genes, part: strength * weight}) AS parts
WITH s, cluster, parts, 1 - reduce(left = 1.0, part IN parts | left * (1 - part.part)) AS evidence
ORDER BY evidence DESC, cluster LIMIT $limit
MATCH (t:Entity {id: cluster})
RETURN t.name AS trait, t.id AS trait_id, t.kind AS kind, round(evidence, 4) AS evidence,
       CASE WHEN s IS NOT NULL THEN round(2 * vector.similarity.cosine(s.embedding_0, t.embedding_0) - 1, 4) END AS cosine,
       [part IN parts[..5] | part.snp] AS snps,
       COLLECT { UNWIND parts AS part UNWIND part.ways AS way RETURN DISTINCT way ORDER BY way } AS ways,
       COLLECT { UNWIND parts AS part UNWIND part.genes AS gene RETURN DISTINCT gene ORDER BY gene } AS genes,
       s IS NOT NULL AND EXISTS {
         MATCH (s)-[r:ASSOCIATED_WITH|CORRELATES_WITH]->(:Concept {cluster: cluster})
         WHERE $published_before IS NULL OR r.published IS NULL OR r.published < date($published_before)
       } AS known
ORDER BY evidence DESC, trait_id
