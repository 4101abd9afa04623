// Task synonym: a concept and its exact synonyms, at most four per concept. Genes are left out because their aliases carry
// no meaning as text, processes because their synonyms mostly repeat the words of the name in another order.
// $first, $last: the range of anchor ids, both inclusive
// returns: anchor (ids), positive (texts), weight (lists)
MATCH (n:Entity)
WHERE $first <= n.id <= $last AND n.synonyms IS NOT NULL
  AND NOT n.kind IN ['Gene', 'BiologicalProcess', 'CellularComponent', 'MolecularActivity']
UNWIND n.synonyms[..4] AS synonym
WITH DISTINCT n.id AS anchor, synonym AS positive ORDER BY anchor, positive
RETURN collect(anchor) AS anchor, collect(positive) AS positive, collect(1.0) AS weight
