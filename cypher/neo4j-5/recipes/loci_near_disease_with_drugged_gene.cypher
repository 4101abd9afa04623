// Which loci are near a disease, not yet linked to it, and contain a gene that a drug targets?
// The loci are not linked to subtypes of the disease either. Each locus has one SNP (250 kb to each side; the MHC,
// chromosome 6 from 25 to 34 Mb, is one locus). Returns no rows if `embedding_0` is not the property of the active model.
// $disease: Disease = 'MONDO:0008383' — the disease
// $k: Integer = 1000 — SNPs from the vector search, before the other conditions
// $limit: Integer = 10 — maximum number of loci
// $published_before: Date? = null — reports published on or after this day do not count
// returns: snp, chromosome, position, cosine (−1 to 1), known_for (names), gene (symbol), drugs (names), treats (names)
// nothing: try a larger $k, or load drug targets (TARGETS)
MATCH (:Model {active: true, index: 'embedding_0'})
MATCH (queried:Entity {id: $disease})
MATCH (d:Entity {id: queried.cluster})
WHERE d.embedding_0 IS NOT NULL
CALL (d) {
  // SNPs with reports of the disease or of a subtype
  MATCH (member:Concept {cluster: d.cluster})<-[:IS_A*0..6]-(below:Concept)
  MATCH (same:Concept {cluster: below.cluster})
  WITH DISTINCT same
  MATCH (same)<-[r:ASSOCIATED_WITH|CORRELATES_WITH]-(x:SNP)
  WHERE $published_before IS NULL OR r.published IS NULL OR r.published < date($published_before)
  RETURN collect(DISTINCT {chromosome: x.chromosome, position: x.position}) AS known
}
CALL (d) {
  CALL db.index.vector.queryNodes('embedding_0_SNP', $k, d.embedding_0) YIELD node AS s
  RETURN s, 2 * vector.similarity.cosine(s.embedding_0, d.embedding_0) - 1 AS cosine
}
WITH known, s, cosine
WHERE s.position IS NOT NULL AND none(x IN known WHERE x.chromosome = s.chromosome
  AND (abs(x.position - s.position) <= 250000
       OR x.chromosome = '6' AND 25000000 <= x.position <= 34000000 AND 25000000 <= s.position <= 34000000))
// the gene that contains the SNP, that a study reported, whose expression it changes, or that is nearest; and its drugs
MATCH (s)-[near:LOCATED_IN|REPORTED_GENE|REGULATES|NEAREST_TO]->(named:Gene)
MATCH (gene:Concept {cluster: named.cluster})<-[:TARGETS]-(drug:Drug)
WITH s, cosine, named, min(CASE type(near) WHEN 'LOCATED_IN' THEN 0 WHEN 'REPORTED_GENE' THEN 1
                           WHEN 'REGULATES' THEN 2 ELSE 3 END) AS nearness, collect(DISTINCT drug) AS drugs
ORDER BY nearness, named.name
WITH s, cosine, collect({gene: named.name, drugs: drugs})[0] AS best
ORDER BY cosine DESC, s.id
// one SNP per locus: the nearest to the disease
WITH collect({snp: s, cosine: cosine, gene: best.gene, drugs: best.drugs}) AS found
WITH reduce(kept = [], row IN found |
  CASE WHEN any(k IN kept WHERE k.snp.chromosome = row.snp.chromosome
    AND (abs(k.snp.position - row.snp.position) <= 250000
         OR k.snp.chromosome = '6' AND 25000000 <= k.snp.position <= 34000000
            AND 25000000 <= row.snp.position <= 34000000))
  THEN kept ELSE kept + [row] END) AS kept
UNWIND kept[..$limit] AS row
WITH row.snp AS s, row.cosine AS cosine, row.gene AS gene, row.drugs AS drugs
RETURN s.id AS snp, s.chromosome AS chromosome, s.position AS position, round(cosine, 4) AS cosine,
       COLLECT { MATCH (s)-[r:ASSOCIATED_WITH]->(trait)
                 WHERE $published_before IS NULL OR r.published IS NULL OR r.published < date($published_before)
                 RETURN DISTINCT trait.name AS name ORDER BY name } AS known_for,
       gene,
       COLLECT { UNWIND drugs AS drug RETURN drug.name AS name ORDER BY name } AS drugs,
       COLLECT { UNWIND drugs AS drug MATCH (drug)-[:TREATS]->(disease)
                 RETURN DISTINCT disease.name AS name ORDER BY name } AS treats
ORDER BY cosine DESC, snp
