// Write vectors of one slot.
// $rows: maps with id and vector (a Vector or a list of floats, as many as the model's dimension)
// returns: n (nodes written)
UNWIND $rows AS row
MATCH (n:Entity {id: row.id})
CALL db.create.setNodeVectorProperty(n, 'embedding_0', row.vector)
RETURN count(n) AS n
