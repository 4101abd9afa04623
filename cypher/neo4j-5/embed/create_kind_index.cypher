// A vector index over one kind's nodes; by the procedure, since CREATE VECTOR INDEX takes no label as a parameter.
// $name: of the index, as "embedding_0_Gene"
// $label: the kind
// $dimension: numbers in a vector
// returns: nothing
CALL db.index.vector.createNodeIndex($name, $label, 'embedding_0', $dimension, 'cosine')
