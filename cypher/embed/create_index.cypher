// Create the vector index of one slot. It contains kind and chromosome, so that a filtered search loses no hits.
// $dimension: dimension of the vectors
// returns: nothing
CYPHER 25
CREATE VECTOR INDEX embedding_0 IF NOT EXISTS
FOR (n:Entity) ON n.embedding_0
WITH [n.kind, n.chromosome]
OPTIONS {indexConfig: {
  `vector.dimensions`: $dimension,
  `vector.similarity_function`: 'cosine',
  `vector.default_search_expansion_factor`: 10.0
}}
