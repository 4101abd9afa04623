// Full-text index for complete codes: ids and cross-references, case-insensitive.
// returns: nothing
CREATE FULLTEXT INDEX entity_code IF NOT EXISTS FOR (n:Entity) ON EACH [n.id, n.xrefs]
OPTIONS {indexConfig: {`fulltext.analyzer`: 'keyword'}}
