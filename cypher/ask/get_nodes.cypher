// Nodes with their labels and properties, vectors left out.
// $ids: of the nodes
// returns: id, labels (list), names and values (lists: a property each)
MATCH (n:Entity)
WHERE n.id IN $ids
WITH n, [name IN keys(n) WHERE NOT name STARTS WITH 'embedding_'] AS names
RETURN n.id AS id, labels(n) AS labels, names, [name IN names | n[name]] AS values
ORDER BY id
