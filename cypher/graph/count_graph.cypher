// Number of entities and relationships in the graph.
// returns: nodes (entities), edges (relationships)
OPTIONAL MATCH (n:Entity)
WITH count(n) AS nodes
OPTIONAL MATCH ()-[r]->()
RETURN nodes, count(r) AS edges
