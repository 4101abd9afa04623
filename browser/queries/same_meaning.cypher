// All nodes with the same meaning, with their names and codes
MATCH (d:Concept {name: 'rheumatoid arthritis'})
MATCH (member:Concept {cluster: d.cluster})
RETURN member.id AS id, member.kind AS kind, member.name AS name, member.synonyms AS synonyms, member.xrefs AS codes
ORDER BY id
