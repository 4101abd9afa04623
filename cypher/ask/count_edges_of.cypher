// The number of edges of clusters, of all types.
// $clusters: ids of clusters (of SNPs: their own)
// returns: cluster, degree
UNWIND $clusters AS cluster
MATCH (head:Entity {id: cluster})
OPTIONAL MATCH (member:Concept {cluster: cluster})
WITH cluster, head, collect(member) AS found
RETURN cluster, reduce(sum = 0, n IN CASE WHEN found = [] THEN [head] ELSE found END | sum + COUNT { (n)--() }) AS degree
