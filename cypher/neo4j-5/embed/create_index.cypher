// Create the vector index of one slot over all nodes, on a server without filtered vector search.
// $dimension: dimension of the vectors
// returns: nothing
CREATE VECTOR INDEX embedding_0 IF NOT EXISTS
FOR (n:Entity) ON (n.embedding_0)
OPTIONS {indexConfig: {`vector.dimensions`: $dimension, `vector.similarity_function`: 'cosine'}}
