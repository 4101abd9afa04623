// Create a vector index over the nodes of one kind, by a procedure: CREATE VECTOR INDEX accepts no label as a parameter.
// $name: name of the index, such as "embedding_0_Gene"
// $label: the kind
// $dimension: dimension of the vectors
// returns: nothing
CALL db.index.vector.createNodeIndex($name, $label, 'embedding_0', $dimension, 'cosine')
