// Sources, their contents and licences
MATCH (s:Source)
RETURN s.name AS source, s.version AS version, s.licence AS licence, s.rows_read AS rows, s.nodes AS nodes, s.edges AS edges
ORDER BY source
