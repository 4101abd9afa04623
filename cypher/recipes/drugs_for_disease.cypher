// Which drugs that do not yet treat a disease target a gene of its variants, and does the direction of effect fit?
// The path is disease, SNP, gene, drug. A drug is listed with the best of its paths: one with known directions, else one by
// expression (REGULATES), else one by position. `fits` compares, for one allele, the direction of the risk with that of the
// gene's expression, and that with the effect of the drug on the expression (UPREGULATES, DOWNREGULATES; most sources do
// not state it). A shared signal of disease and expression is "colocalised" only if a source states it
// (GENE_ASSOCIATED_WITH with the relation "colocalisation"). Returns no rows if `embedding_0` is not the property of the
// active model.
// $disease: Disease = 'MONDO:0008383' — the disease
// $learnt: Integer = 384 — numbers of a vector that cosines between concepts use, from the first; set from the model
// $least: Number = 5.0 — −log10 p of the weakest report that counts; reports without a p-value count
// $limit: Integer = 20 — maximum number of pairs of drug and gene
// $published_before: Date? = null — reports published on or after this day do not count
// returns: drug, drug_id, cosine (−1 to 1, drug and disease by the learnt half), path, gene, snp, support
//   ("colocalised", "eQTL only", "position only"), risk, expression, drug_action (each a direction, or null if unknown),
//   fits ("against the risk", "with the risk", or what is unknown), treats (names)
// nothing: try a smaller $least, or load drug targets (TARGETS) and reports for this disease
MATCH (:Model {active: true, index: 'embedding_0'})
MATCH (queried:Entity {id: $disease})
MATCH (d:Entity {id: queried.cluster})
CALL (d) {
  MATCH (:Concept {cluster: d.cluster})<-[:IS_A*0..6]-(below:Concept)
  MATCH (same:Concept {cluster: below.cluster})
  RETURN collect(DISTINCT same) AS traits
}
CALL (traits) {
  // the strongest report of each SNP; reports with an allele first
  UNWIND traits AS t
  MATCH (s:SNP)-[a:ASSOCIATED_WITH|CORRELATES_WITH]->(t)
  WHERE coalesce(a.neg_log10_p, $least) >= $least
    AND ($published_before IS NULL OR a.published IS NULL OR a.published < date($published_before))
  WITH s, t, a, a.effect_allele IS NOT NULL AND coalesce(a.odds_ratio, a.beta) IS NOT NULL
                AND NOT 'palindromic' IN coalesce(a.flags, []) AS told
  ORDER BY told DESC, a.neg_log10_p DESC, a.key
  WITH s, collect({report: a, trait: t, told: told})[0] AS best
  RETURN s, best.report AS a, best.trait AS t, best.told AS told
}
MATCH (s)-[g:REGULATES|LOCATED_IN|REPORTED_GENE]->(named:Gene)
MATCH (gene:Concept {cluster: named.cluster})<-[:TARGETS]-(drug:Drug)
WITH d, traits, s, a, t, told, g, named, drug,
     CASE WHEN told THEN sign(CASE WHEN a.odds_ratio IS NOT NULL THEN log(a.odds_ratio) ELSE a.beta END) END AS raises,
     CASE
       WHEN NOT told OR g.beta IS NULL OR g.effect_allele IS NULL THEN null
       WHEN g.effect_allele = a.effect_allele THEN sign(g.beta)
       WHEN g.other_allele = a.effect_allele OR a.other_allele = g.effect_allele THEN -sign(g.beta)
     END AS expression
ORDER BY expression IS NULL, CASE type(g) WHEN 'REGULATES' THEN 0 WHEN 'LOCATED_IN' THEN 1 ELSE 2 END,
         g.neg_log10_p DESC, a.neg_log10_p DESC, s.id
WITH d, traits, drug, named,
     collect({snp: s, report: a, trait: t, way: g, raises: raises, expression: expression})[0] AS path
WHERE NOT EXISTS { MATCH (same:Concept {cluster: drug.cluster})-[:TREATS]->(t) WHERE t IN traits }
WITH d, traits, drug, named, path,
     2 * vector.similarity.cosine(drug.embedding_0[..$learnt], d.embedding_0[..$learnt]) - 1 AS cosine
ORDER BY cosine DESC, drug.id, named.name LIMIT $limit
WITH drug, named, path, cosine, path.report AS a, path.way AS g,
     COLLECT { MATCH (:Concept {cluster: drug.cluster})-[x:UPREGULATES|DOWNREGULATES]->(:Concept {cluster: named.cluster})
               RETURN DISTINCT CASE type(x) WHEN 'UPREGULATES' THEN 1 ELSE -1 END } AS actions,
     EXISTS { MATCH (:Concept {cluster: named.cluster})-[c:GENE_ASSOCIATED_WITH]->(t)
              WHERE c.relation = 'colocalisation' AND t IN traits } AS colocalised
WITH drug, named, path, cosine, a, g, colocalised, CASE WHEN size(actions) = 1 THEN actions[0] END AS action
RETURN drug.name AS drug, drug.id AS drug_id, round(cosine, 4) AS cosine,
       path.trait.name + ' <-[' + type(a) + coalesce(' p 1e-' + toString(toInteger(round(a.neg_log10_p))), '') + ']- '
         + path.snp.id + ' -[' + type(g) + coalesce(' in ' + g.tissue, '') + ']-> ' + named.name + ' <-[TARGETS]- ' + drug.name AS path,
       named.name AS gene, path.snp.id AS snp,
       CASE WHEN colocalised THEN 'colocalised' WHEN type(g) = 'REGULATES' THEN 'eQTL only' ELSE 'position only' END AS support,
       CASE path.raises WHEN 1 THEN a.effect_allele + ' raises' WHEN -1 THEN a.effect_allele + ' lowers' END AS risk,
       CASE path.expression WHEN 1 THEN a.effect_allele + ' raises' WHEN -1 THEN a.effect_allele + ' lowers' END
         AS expression,
       CASE action WHEN 1 THEN 'raises' WHEN -1 THEN 'lowers' END AS drug_action,
       CASE
         WHEN coalesce(path.raises, 0) = 0 THEN 'unknown: risk allele'
         WHEN coalesce(path.expression, 0) = 0 THEN 'unknown: expression for this allele'
         WHEN action IS NULL THEN 'unknown: drug action (a drug that '
           + CASE WHEN path.raises = path.expression THEN 'lowers' ELSE 'raises' END + ' ' + named.name + ' fits)'
         WHEN path.raises * path.expression * action < 0 THEN 'against the risk'
         ELSE 'with the risk'
       END AS fits,
       COLLECT { MATCH (:Concept {cluster: drug.cluster})-[:TREATS]->(disease)
                 RETURN DISTINCT disease.name AS name ORDER BY name } AS treats
ORDER BY cosine DESC, drug_id, gene
