// Nodes with their labels and properties, without vectors.
// $ids: ids of the nodes
// returns: id, labels (list), names and values (lists; one item per property)
MATCH (n:Entity)
WHERE n.id IN $ids
WITH n, [name IN keys(n) WHERE NOT name STARTS WITH 'embedding_'] AS names
RETURN n.id AS id, labels(n) AS labels, names, [name IN names | n[name]] AS values
ORDER BY id
