// Nodes by the server's own ids, which hold for one database and one moment; vectors left out.
// $elements: the ids (list)
// returns: element, labels (list), names and values (lists: a property each)
MATCH (n)
WHERE elementId(n) IN $elements
WITH n, [name IN keys(n) WHERE NOT name STARTS WITH 'embedding_'] AS names
RETURN elementId(n) AS element, labels(n) AS labels, names, [name IN names | n[name]] AS values
ORDER BY element
