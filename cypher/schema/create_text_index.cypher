// Full-text index over the words of names, descriptions and synonyms, for linking texts to concepts.
// returns: nothing
CREATE FULLTEXT INDEX concept_text IF NOT EXISTS FOR (n:Concept) ON EACH [n.name, n.description, n.synonyms, n.other_synonyms]
