// A cluster's members are found by its id.
// returns: nothing
CREATE INDEX concept_cluster IF NOT EXISTS FOR (n:Concept) ON (n.cluster)
