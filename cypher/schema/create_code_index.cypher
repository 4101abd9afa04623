// Whole codes: ids and cross-references, whatever their case.
// returns: nothing
CREATE FULLTEXT INDEX entity_code IF NOT EXISTS FOR (n:Entity) ON EACH [n.id, n.xrefs]
OPTIONS {indexConfig: {`fulltext.analyzer`: 'keyword'}}
