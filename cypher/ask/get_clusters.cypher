// Clusters with their members and codes, their genes or position, and the edges that join them to queried clusters.
// $clusters: ids of clusters (of SNPs: their own)
// $queried: ids of the queried clusters (empty: none)
// $published_before: date; reports published on or after this day do not count (null: all count)
// returns: cluster, members (maps with id, kind, name, xrefs), chromosome, position, genes (maps with type, name,
//   distance), links (types of the edges to queried clusters)
CALL () {
  UNWIND $queried AS cluster
  MATCH (member:Concept {cluster: cluster})
  RETURN member
  UNION
  UNWIND $queried AS cluster
  MATCH (member:Entity {id: cluster})
  RETURN member
}
WITH collect(member) AS queried
UNWIND $clusters AS cluster
MATCH (head:Entity {id: cluster})
OPTIONAL MATCH (member:Concept {cluster: cluster})
WITH queried, cluster, head, collect(member) AS concepts
WITH queried, cluster, head, CASE WHEN concepts = [] THEN [head] ELSE concepts END AS members
RETURN cluster,
       [m IN members | {id: m.id, kind: m.kind, name: coalesce(m.name, m.id), xrefs: coalesce(m.xrefs, [])}] AS members,
       head.chromosome AS chromosome, head.position AS position,
       CASE WHEN head:SNP THEN
         [(head)-[r:LOCATED_IN|NEAREST_TO|REPORTED_GENE]->(gene:Gene) |
           {type: type(r), name: gene.name, distance: r.distance}]
       ELSE [] END AS genes,
       COLLECT {
         UNWIND members AS member
         UNWIND queried AS other
         MATCH (member)-[r]-(other)
         WHERE $published_before IS NULL OR r.published IS NULL OR r.published < $published_before
         RETURN DISTINCT type(r) AS type ORDER BY type
       } AS links
