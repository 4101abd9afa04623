// The clusters that edges join to some nodes.
// $queried: ids of the nodes
// $types: types of the edges (list; empty: any type that is not negative)
// $published_before: date; reports published on or after this day do not count (null: all count)
// returns: clusters (list of ids, of SNPs their own)
MATCH (queried:Entity)-[r]-(other:Entity)
WHERE queried.id IN $queried
  AND CASE WHEN $types = [] THEN NOT type(r) STARTS WITH 'NOT_' ELSE type(r) IN $types END
  AND ($published_before IS NULL OR r.published IS NULL OR r.published < $published_before)
RETURN collect(DISTINCT coalesce(other.cluster, other.id)) AS clusters
