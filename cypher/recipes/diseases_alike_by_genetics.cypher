// Do the diseases nearest to a disease also share its genetics?
// Of all diseases with reported SNPs, the nearest ones, with the SNPs and the genes of SNPs that they share. Both ranks are
// among all of these diseases. Where they differ, the similarity comes from texts or other edges, or from the genetics
// alone. Returns no rows if `embedding_0` is not the property of the active model.
// $disease: Disease = 'MONDO:0008383' — the disease
// $least: Integer = 5 — minimum number of reported SNPs of a compared disease
// $learnt: Integer = 384 — numbers of a vector that cosines between concepts use, from the first; set from the model
// $limit: Integer = 10 — maximum number of diseases, by either rank
// $published_before: Date? = null — reports published on or after this day do not count
// returns: disease, disease_id, cosine (−1 to 1, by the learnt half), rank_near, rank_genes (1: the most similar),
//   jaccard (0 to 1, of the genes of both), shared_snps, shared_genes (numbers), genes (symbols, at most ten), linked
//   (an edge joins the two)
// nothing: try a smaller $least, or a disease with reported SNPs
MATCH (:Model {active: true, index: 'embedding_0'})
MATCH (queried:Entity {id: $disease})
MATCH (d:Entity {id: queried.cluster})
CALL () {
  MATCH (t:Disease)<-[r:ASSOCIATED_WITH|CORRELATES_WITH]-(s:SNP)
  WHERE NOT 'sub_significant' IN coalesce(r.flags, [])
    AND ($published_before IS NULL OR r.published IS NULL OR r.published < date($published_before))
  WITH t.cluster AS cluster, collect(DISTINCT s) AS snps
  RETURN collect({cluster: cluster, snps: snps}) AS all
}
WITH d, [row IN all WHERE row.cluster = d.cluster | row.snps][0] AS own,
     [row IN all WHERE row.cluster <> d.cluster AND size(row.snps) >= $least] AS others
CALL (own) {
  UNWIND own AS s
  MATCH (s)-[:LOCATED_IN|REPORTED_GENE]->(g:Gene)
  RETURN collect(DISTINCT g.cluster) AS own_genes
}
UNWIND others AS row
MATCH (o:Entity {id: row.cluster})
CALL (row) {
  UNWIND row.snps AS s
  MATCH (s)-[:LOCATED_IN|REPORTED_GENE]->(g:Gene)
  RETURN collect(DISTINCT g.cluster) AS its_genes
}
WITH d, own_genes, o, its_genes, size([s IN row.snps WHERE s IN own]) AS shared_snps,
     [g IN its_genes WHERE g IN own_genes] AS shared,
     2 * vector.similarity.cosine(o.embedding_0[..$learnt], d.embedding_0[..$learnt]) - 1 AS cosine
WITH d, o, cosine, shared_snps, shared,
     CASE WHEN own_genes = [] AND its_genes = [] THEN 0.0
          ELSE toFloat(size(shared)) / (size(own_genes) + size(its_genes) - size(shared)) END AS jaccard
ORDER BY jaccard DESC, shared_snps DESC, o.id
WITH d, collect({node: o, cosine: cosine, snps: shared_snps, genes: shared, jaccard: jaccard}) AS found
UNWIND range(0, size(found) - 1) AS at
WITH d, at + 1 AS rank_genes, found[at] AS row
ORDER BY row.cosine DESC, row.node.id
WITH d, collect(row {.*, rank: rank_genes}) AS found
UNWIND range(0, size(found) - 1) AS at
WITH d, at + 1 AS rank_near, found[at] AS row
WHERE rank_near <= $limit OR row.rank <= $limit
WITH d, rank_near, row, row.node AS o
RETURN o.name AS disease, o.id AS disease_id, round(row.cosine, 4) AS cosine, rank_near, row.rank AS rank_genes,
       round(row.jaccard, 4) AS jaccard, row.snps AS shared_snps, size(row.genes) AS shared_genes,
       COLLECT { MATCH (g:Entity) WHERE g.id IN row.genes RETURN g.name AS name ORDER BY name LIMIT 10 } AS genes,
       EXISTS { MATCH (:Concept {cluster: d.cluster})-[r]-(:Concept {cluster: o.cluster})
                WHERE NOT type(r) STARTS WITH 'NOT_'
                  AND ($published_before IS NULL OR r.published IS NULL OR r.published < date($published_before)) } AS linked
ORDER BY rank_near
