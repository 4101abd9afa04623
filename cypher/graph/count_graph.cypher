// How large the graph is.
// returns: nodes (embedded nodes), edges (relationships)
OPTIONAL MATCH (n:Entity)
WITH count(n) AS nodes
OPTIONAL MATCH ()-[r]->()
RETURN nodes, count(r) AS edges
