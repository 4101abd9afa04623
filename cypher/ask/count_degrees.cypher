// The number of clusters that each cluster is joined to, by relationship type and direction.
// $clusters: ids of clusters (of SNPs: their own)
// $without: relationship types to ignore (list)
// returns: cluster, type, outward (whether the edges start at the cluster), degree
UNWIND $clusters AS cluster
MATCH (head:Entity {id: cluster})
OPTIONAL MATCH (member:Concept {cluster: cluster})
WITH cluster, head, collect(member) AS found
UNWIND CASE WHEN found = [] THEN [head] ELSE found END AS n
MATCH (n)-[r]-(other:Entity)
WHERE r.weight > 0 AND NOT type(r) IN $without
RETURN cluster, type(r) AS type, startNode(r) = n AS outward, count(DISTINCT coalesce(other.cluster, other.id)) AS degree
