// The vector index of one slot over all nodes, on a server that cannot filter inside it.
// $dimension: numbers in a vector
// returns: nothing
CREATE VECTOR INDEX embedding_0 IF NOT EXISTS
FOR (n:Entity) ON (n.embedding_0)
OPTIONS {indexConfig: {`vector.dimensions`: $dimension, `vector.similarity_function`: 'cosine'}}
