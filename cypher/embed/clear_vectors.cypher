// Remove one slot's vectors from all nodes, in transactions of their own; drop its indexes first.
// returns: n (nodes that had one)
MATCH (n:Entity)
WHERE n.embedding_0 IS NOT NULL
CALL (n) {
  REMOVE n.embedding_0
} IN TRANSACTIONS OF 10000 ROWS
RETURN count(*) AS n
