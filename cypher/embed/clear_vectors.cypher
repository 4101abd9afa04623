// Remove the vectors of one slot from all nodes, in several transactions. Drop the slot's indexes first.
// returns: n (nodes that had a vector)
MATCH (n:Entity)
WHERE n.embedding_0 IS NOT NULL
CALL (n) {
  REMOVE n.embedding_0
} IN TRANSACTIONS OF 10000 ROWS
RETURN count(*) AS n
