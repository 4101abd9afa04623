// Concepts are found by their name.
// returns: nothing
CREATE INDEX concept_name IF NOT EXISTS FOR (n:Concept) ON (n.name)
