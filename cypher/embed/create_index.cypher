// The vector index of one slot, with kind and chromosome inside it, so that a filter costs no result.
// $dimension: numbers in a vector
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
