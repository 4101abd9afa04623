// Version and edition of the server.
// returns: version (text such as "2026.08.1"), edition ("community" or "enterprise")
CALL dbms.components() YIELD name, versions, edition
WHERE name = 'Neo4j Kernel'
RETURN versions[0] AS version, edition
