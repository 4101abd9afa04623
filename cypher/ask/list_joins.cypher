// The edges from some clusters to others, as columns.
// $clusters: ids of clusters (of SNPs: their own), whose edges are read
// $others: ids of clusters
// $without: relationship types to ignore (list)
// returns: start, end (clusters, of the first list and of the second), type, outward (whether the edge starts in the
//   first), weight (lists; > 0)
UNWIND $clusters AS cluster
MATCH (head:Entity {id: cluster})
OPTIONAL MATCH (member:Concept {cluster: cluster})
WITH cluster, head, collect(member) AS found
UNWIND CASE WHEN found = [] THEN [head] ELSE found END AS n
MATCH (n)-[r]-(other:Entity)
WITH cluster, n, r, coalesce(other.cluster, other.id) AS there
WHERE there IN $others AND there <> cluster AND r.weight > 0 AND NOT type(r) IN $without
RETURN collect(cluster) AS start, collect(there) AS end, collect(type(r)) AS type,
       collect(startNode(r) = n) AS outward, collect(r.weight) AS weight
