// Nodes by kind
MATCH (n:Entity)
RETURN n.kind AS kind, count(*) AS nodes
ORDER BY nodes DESC
