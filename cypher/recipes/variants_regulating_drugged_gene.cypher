// Which variants are near a disease, not yet linked to it, and regulate a gene that a drug targets?
// Not linked: no report joins the SNP, or one within 250 kb of it (the MHC, chromosome 6 from 25 to 34 Mb, is one locus),
// to a code of the disease or of a subtype. Each row is one REGULATES edge with its tissue and direction. The cosine
// suggests where to look; an eQTL without colocalisation is not proof. Returns no rows if `embedding_0` is not the property
// of the active model.
// $disease: Disease = 'MONDO:0008383' — the disease
// $tissue: Text? = null — part of the tissue's name, in any case; null: any tissue
// $k: Integer = 2000 — SNPs from the vector search, before the other conditions
// $limit: Integer = 20 — maximum number of rows
// $published_before: Date? = null — reports published on or after this day do not count
// returns: snp, chromosome, position, cosine (−1 to 1, as stored: SNP and disease), gene (symbol), tissue, allele,
//   expression ("raises", "lowers": the effect of the allele; null: unknown allele), beta, neg_log10_p (of the eQTL),
//   drugs (names), treats (names), known_for (names of what the SNP is linked to)
// nothing: try a larger $k or another tissue, or load an eQTL table (REGULATES) and drug targets (TARGETS)
CYPHER 25
MATCH (:Model {active: true, index: 'embedding_0'})
MATCH (queried:Entity {id: $disease})
MATCH (d:Entity {id: queried.cluster})
CALL (d) {
  // SNPs with reports of the disease or of a subtype
  MATCH (:Concept {cluster: d.cluster})<-[:IS_A*0..6]-(below:Concept)
  MATCH (same:Concept {cluster: below.cluster})
  WITH DISTINCT same
  MATCH (same)<-[r:ASSOCIATED_WITH|CORRELATES_WITH]-(x:SNP)
  WHERE $published_before IS NULL OR r.published IS NULL OR r.published < date($published_before)
  RETURN collect(DISTINCT {id: x.id, chromosome: x.chromosome, position: x.position}) AS known
}
CALL (d) {
  MATCH (s:Entity)
  SEARCH s IN (VECTOR INDEX embedding_0 FOR d.embedding_0 WHERE s.kind = 'SNP' LIMIT $k) SCORE AS score
  RETURN s, 2 * score - 1 AS cosine
}
MATCH (s)-[e:REGULATES]->(named:Gene)
WHERE ($tissue IS NULL OR toLower(e.tissue) CONTAINS toLower($tissue))
  AND none(x IN known WHERE x.id = s.id OR x.chromosome = s.chromosome
    AND (abs(x.position - s.position) <= 250000
         OR x.chromosome = '6' AND 25000000 <= x.position <= 34000000 AND 25000000 <= s.position <= 34000000))
MATCH (gene:Concept {cluster: named.cluster})<-[:TARGETS]-(drug:Drug)
WITH s, cosine, e, named, collect(DISTINCT drug) AS drugs
ORDER BY cosine DESC, s.id, named.name, e.tissue, e.key LIMIT $limit
RETURN s.id AS snp, s.chromosome AS chromosome, s.position AS position, round(cosine, 4) AS cosine, named.name AS gene,
       e.tissue AS tissue, e.effect_allele AS allele,
       CASE WHEN e.effect_allele IS NOT NULL THEN CASE sign(e.beta) WHEN 1 THEN 'raises' WHEN -1 THEN 'lowers' END END
         AS expression,
       e.beta AS beta, e.neg_log10_p AS neg_log10_p,
       COLLECT { UNWIND drugs AS drug RETURN DISTINCT drug.name AS name ORDER BY name } AS drugs,
       COLLECT { UNWIND drugs AS drug MATCH (:Concept {cluster: drug.cluster})-[:TREATS]->(disease)
                 RETURN DISTINCT disease.name AS name ORDER BY name } AS treats,
       COLLECT { MATCH (s)-[r:ASSOCIATED_WITH|CORRELATES_WITH]->(trait)
                 WHERE $published_before IS NULL OR r.published IS NULL OR r.published < date($published_before)
                 RETURN DISTINCT trait.name AS name ORDER BY name } AS known_for
ORDER BY cosine DESC, snp, gene, tissue
