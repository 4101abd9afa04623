// Write vectors to the nodes in one slot.
// $rows: maps with id and vector (a Vector or a list of floats, of the model's dimension)
// returns: n (nodes written)
UNWIND $rows AS row
MATCH (n:Entity {id: row.id})
CALL db.create.setNodeVectorProperty(n, 'embedding_0', row.vector)
RETURN count(n) AS n
