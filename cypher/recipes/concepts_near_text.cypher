// Which concepts lie near a wording, and which of them are known of the concept that it is nearest to?
// So many clusters of each kind, marked: "itself", "known" (an edge joins them) or "new". Nothing comes if the slot in the file is
// not the active one.
// $vector: vector of the wording (list of floats; the program makes it of a text)
// $constant: what its cosines are divided by, to be of the learnt half (1: not at all)
// $concept: id of the concept that the wording is nearest to (a name or a code will do; null: no marks)
// $kinds: kinds of the hits (list)
// $k: clusters of each kind
// $published_before: reports from this day on are not known yet (text as "2015-01-01"; null: all are)
// returns: kind, id, name, cosine (−1 to 1), mark ("itself", "known", "new" or null), codes (ids of the cluster)
// nothing: give the wording: -p vector="morning joint stiffness"
// :param vector => null
// :param constant => 1.0
// :param concept => null
// :param kinds => ["Disease", "Phenotype", "Gene", "Drug"]
// :param k => 5
// :param published_before => null
CYPHER 25
MATCH (:Model {active: true, index: 'embedding_0'})
OPTIONAL MATCH (named:Entity {id: $concept})
OPTIONAL MATCH (one:Concept {cluster: named.cluster})
WITH collect(one) AS asked
UNWIND $kinds AS kind
CALL (kind) {
  MATCH (n:Entity)
  SEARCH n IN (VECTOR INDEX embedding_0 FOR $vector WHERE n.kind = kind LIMIT 100) SCORE AS score
  RETURN n, (2 * score - 1) / $constant AS cosine
}
WITH kind, n, cosine, asked ORDER BY cosine DESC, n.id
WITH asked, kind, n.cluster AS cluster, collect({node: n, cosine: cosine})[0] AS best
ORDER BY kind, best.cosine DESC, best.node.id
WITH asked, kind, collect({cluster: cluster, cosine: best.cosine, node: best.node})[..$k] AS found
UNWIND found AS row
OPTIONAL MATCH (head:Entity {id: row.cluster})
WITH asked, kind, row.cluster AS cluster, row.cosine AS cosine,
     CASE WHEN head.kind = kind THEN head ELSE row.node END AS shown,
     COLLECT { MATCH (member:Concept {cluster: row.cluster}) RETURN member ORDER BY member.id } AS members
RETURN kind, shown.id AS id, shown.name AS name, round(cosine, 4) AS cosine,
       CASE
         WHEN asked = [] THEN null
         WHEN any(a IN asked WHERE a.cluster = cluster) THEN 'itself'
         WHEN EXISTS { UNWIND members AS member UNWIND asked AS other
                       MATCH (member)-[r]-(other)
                       WHERE NOT type(r) STARTS WITH 'NOT_' AND ($published_before IS NULL OR r.published IS NULL
                                                                 OR r.published < date($published_before)) }
           THEN 'known'
         ELSE 'new'
       END AS mark,
       [m IN members | m.id] AS codes
ORDER BY kind, cosine DESC, id
