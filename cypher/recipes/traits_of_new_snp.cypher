// What may an SNP do of which nothing is reported, by its partners in LD, its genes and its neighbours?
// Reports of other SNPs speak for it: in LD by r²; within the window by e^(−distance / 25 kb); of the same gene by .2 at
// least. `evidence` is 1 − Π(1 − that × the report's weight) over those SNPs. What is reported of the SNP itself is not
// counted but told in `known`, so that a known SNP shows what this is worth. An SNP that is no node is asked for by its place.
// Nothing comes if the slot in the file is not the active one.
// $snp: id of the SNP, or its place as build:chromosome:position
// $window: base pairs to either side
// $least_r2: LD from which a partner counts
// $limit: traits at most
// $published_before: reports from this day on are not known yet (text as "2015-01-01"; null: all are)
// returns: trait, trait_id, kind, evidence (0 to 1), cosine (−1 to 1, as stored: SNP and trait; null: the SNP is no node), snps (the
//   strongest first), ways ("LD", "gene", "position"), genes (shared, symbols), known (reported of the SNP itself)
// nothing: try a wider window, or another build of the place; LD and genes count only where sources of them are loaded
// :param snp => 'rs2476601'
// :param window => 100000
// :param least_r2 => 0.2
// :param limit => 10
// :param published_before => null
MATCH (:Model {active: true, index: 'embedding_0'})
OPTIONAL MATCH (s:Entity {id: $snp})
WITH s, split($snp, ':') AS place
WITH s, coalesce(s.build, place[0]) AS build, coalesce(s.chromosome, place[1]) AS chromosome,
     coalesce(s.position, toInteger(place[2])) AS position
CALL (s, build, chromosome, position) {
  MATCH (s)-[l:IN_LD_WITH]-(o:SNP)
  WHERE l.r2 >= $least_r2
  RETURN o, 'LD' AS way, l.r2 AS strength, null AS gene
  UNION
  MATCH (o:SNP {chromosome: chromosome})
  WHERE position - $window <= o.position <= position + $window AND o.build = build AND o.id <> $snp
  RETURN o, 'position' AS way, exp(-abs(o.position - position) / 25000.0) AS strength, null AS gene
  UNION
  // its own genes; of a place those of the nearest SNP
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
