// Which variants lie near a disease, are not yet linked to it, and regulate a gene that a drug targets?
// Not linked: no report joins the SNP, or one within 250 kb of it (the MHC, chromosome 6 from 25 to 34 Mb, is one), to a code
// of the disease or of a kind of it. Each row is one REGULATES edge with its tissue and direction. Nearness is where to look, an
// eQTL without colocalisation is no proof. Nothing comes if the slot in the file is not the active one.
// $disease: id of the disease (a name or a code will do)
// $tissue: text that the tissue's name holds (whatever its case; null: any tissue)
// $k: SNPs that the vector search gives, before all else is asked of them
// $limit: rows at most
// $published_before: reports from this day on are not known yet (text as "2015-01-01"; null: all are)
// returns: snp, chromosome, position, cosine (−1 to 1, as stored: SNP and disease), gene (symbol), tissue, allele, expression ("raises",
//   "lowers": what the allele does; null: no allele is told), beta, neg_log10_p (of the eQTL), drugs (names), treats (names),
//   known_for (names of what the SNP is linked to)
// nothing: try a larger $k, another tissue, or load an eQTL table (REGULATES) and drug targets (TARGETS)
// :param disease => 'MONDO:0008383'
// :param tissue => null
// :param k => 2000
// :param limit => 20
// :param published_before => null
MATCH (:Model {active: true, index: 'embedding_0'})
MATCH (asked:Entity {id: $disease})
MATCH (d:Entity {id: asked.cluster})
CALL (d) {
  // SNPs that are known for the disease, or for a kind of it
  MATCH (:Concept {cluster: d.cluster})<-[:IS_A*0..6]-(below:Concept)
  MATCH (same:Concept {cluster: below.cluster})
  WITH DISTINCT same
  MATCH (same)<-[r:ASSOCIATED_WITH|CORRELATES_WITH]-(x:SNP)
  WHERE $published_before IS NULL OR r.published IS NULL OR r.published < date($published_before)
  RETURN collect(DISTINCT {id: x.id, chromosome: x.chromosome, position: x.position}) AS known
}
CALL (d) {
  CALL db.index.vector.queryNodes('embedding_0_SNP', $k, d.embedding_0) YIELD node AS s
  RETURN s, 2 * vector.similarity.cosine(s.embedding_0, d.embedding_0) - 1 AS cosine
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
