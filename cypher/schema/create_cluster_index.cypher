// Index for the members of a cluster.
// returns: nothing
CREATE INDEX concept_cluster IF NOT EXISTS FOR (n:Concept) ON (n.cluster)
