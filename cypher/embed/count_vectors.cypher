// Number of nodes, number of nodes with a vector in one slot, and the kinds of those nodes.
// returns: nodes, vectors, kinds (list)
MATCH (n:Entity)
WITH n.kind AS kind, count(*) AS nodes, sum(CASE WHEN n.embedding_0 IS NOT NULL THEN 1 ELSE 0 END) AS vectors
ORDER BY kind
RETURN coalesce(sum(nodes), 0) AS nodes, coalesce(sum(vectors), 0) AS vectors,
       [kind IN collect(CASE WHEN vectors > 0 THEN kind END) WHERE kind IS NOT NULL] AS kinds
