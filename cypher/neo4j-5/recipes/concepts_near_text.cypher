// Which concepts are near a free text, and which of them are known for the concept nearest to it?
// The nearest clusters of each kind, marked "itself", "known" (an edge joins them) or "new". Returns no rows if
// `embedding_0` is not the property of the active model.
// $vector: Vector? = null — the free text
// $constant: Number = 1.0 — divisor of the cosines that gives those of the learnt half; 1: none
// $concept: Concept? = null — the concept nearest to the text; null: no marks
// $kinds: Kinds = ["Disease", "Phenotype", "Gene", "Drug"] — kinds of the hits
// $k: Integer = 5 — clusters per kind
// $published_before: Date? = null — reports published on or after this day do not count
// returns: kind, id, name, cosine (−1 to 1), mark ("itself", "known", "new" or null), codes (ids of the cluster)
// nothing: give a text: -p vector="morning joint stiffness"
MATCH (model:Model {active: true, index: 'embedding_0'})
OPTIONAL MATCH (named:Entity {id: $concept})
OPTIONAL MATCH (one:Concept {cluster: named.cluster})
WITH model, collect(one) AS queried
UNWIND [kind IN $kinds WHERE kind IN model.kinds] AS kind  // only kinds with vectors have an index
CALL (kind) {
  CALL db.index.vector.queryNodes('embedding_0_' + kind, 100, $vector) YIELD node AS n
  WITH n, kind WHERE n.kind = kind
  RETURN n, (2 * vector.similarity.cosine(n.embedding_0, $vector) - 1) / $constant AS cosine
}
WITH kind, n, cosine, queried ORDER BY cosine DESC, n.id
WITH queried, kind, n.cluster AS cluster, collect({node: n, cosine: cosine})[0] AS best
ORDER BY kind, best.cosine DESC, best.node.id
WITH queried, kind, collect({cluster: cluster, cosine: best.cosine, node: best.node})[..$k] AS found
UNWIND found AS row
OPTIONAL MATCH (head:Entity {id: row.cluster})
WITH queried, kind, row.cluster AS cluster, row.cosine AS cosine,
     CASE WHEN head.kind = kind THEN head ELSE row.node END AS shown,
     COLLECT { MATCH (member:Concept {cluster: row.cluster}) RETURN member ORDER BY member.id } AS members
RETURN kind, shown.id AS id, shown.name AS name, round(cosine, 4) AS cosine,
       CASE
         WHEN queried = [] THEN null
         WHEN any(a IN queried WHERE a.cluster = cluster) THEN 'itself'
         WHEN EXISTS { UNWIND members AS member UNWIND queried AS other
                       MATCH (member)-[r]-(other)
                       WHERE NOT type(r) STARTS WITH 'NOT_' AND ($published_before IS NULL OR r.published IS NULL
                                                                 OR r.published < date($published_before)) }
           THEN 'known'
         ELSE 'new'
       END AS mark,
       [m IN members | m.id] AS codes
ORDER BY kind, cosine DESC, id
