// How many clusters each cluster is joined to, by relationship type and direction.
// $clusters: ids of clusters (of SNPs: their own)
// $without: relationship types that are no way (list)
// returns: cluster, type, outward (whether the edges start here), degree
UNWIND $clusters AS cluster
MATCH (head:Entity {id: cluster})
OPTIONAL MATCH (member:Concept {cluster: cluster})
WITH cluster, head, collect(member) AS found
UNWIND CASE WHEN found = [] THEN [head] ELSE found END AS n
MATCH (n)-[r]-(other:Entity)
WHERE r.weight > 0 AND NOT type(r) IN $without
RETURN cluster, type(r) AS type, startNode(r) = n AS outward, count(DISTINCT coalesce(other.cluster, other.id)) AS degree
