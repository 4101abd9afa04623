// Index for concepts by name.
// returns: nothing
CREATE INDEX concept_name IF NOT EXISTS FOR (n:Concept) ON (n.name)
