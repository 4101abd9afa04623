// The nodes with a vector in a range of ids, and the first numbers of each vector, as columns; no row if the model is no
// longer active.
// $model: id of the model
// $numbers: how many numbers of each vector
// $first, $last: the range of ids, both inclusive
// returns: id, kind, name, source, chromosome ('' for a missing value), vector (lists)
MATCH (m:Model {id: $model, active: true})
CALL (m) {
  MATCH (n:Entity)
  WHERE $first <= n.id <= $last AND n.embedding_0 IS NOT NULL
  WITH n ORDER BY n.id
  RETURN collect(n.id) AS id, collect(n.kind) AS kind, collect(coalesce(n.name, n.id)) AS name,
         collect(coalesce(n.source, '')) AS source, collect(coalesce(n.chromosome, '')) AS chromosome,
         collect(n.embedding_0[..$numbers]) AS vector
}
RETURN id, kind, name, source, chromosome, vector
