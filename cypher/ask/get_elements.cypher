// Nodes by the ids of the server, which are valid for one database and a short time; without vectors.
// $elements: the ids (list)
// returns: element, labels (list), names and values (lists; one item per property)
MATCH (n)
WHERE elementId(n) IN $elements
WITH n, [name IN keys(n) WHERE NOT name STARTS WITH 'embedding_'] AS names
RETURN elementId(n) AS element, labels(n) AS labels, names, [name IN names | n[name]] AS values
ORDER BY element
