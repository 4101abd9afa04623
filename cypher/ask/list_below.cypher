// The members of a cluster and of all of its subtypes, in any vocabulary.
// $cluster: id of the cluster
// returns: ids (list)
MATCH (top:Concept {cluster: $cluster})
MATCH (top)<-[:IS_A*0..]-(below:Concept)
WITH DISTINCT below.cluster AS cluster
MATCH (member:Concept {cluster: cluster})
WITH member.id AS id ORDER BY id
RETURN collect(id) AS ids
