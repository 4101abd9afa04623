// The clusters that edges join to some nodes.
// $asked: ids of the nodes
// $types: of the edges (list; empty: any that denies nothing)
// $published_before: date; reports from this day on link nothing (null: all do)
// returns: clusters (list of ids, of SNPs their own)
MATCH (asked:Entity)-[r]-(other:Entity)
WHERE asked.id IN $asked
  AND CASE WHEN $types = [] THEN NOT type(r) STARTS WITH 'NOT_' ELSE type(r) IN $types END
  AND ($published_before IS NULL OR r.published IS NULL OR r.published < $published_before)
RETURN collect(DISTINCT coalesce(other.cluster, other.id)) AS clusters
