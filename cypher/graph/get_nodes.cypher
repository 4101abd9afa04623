// Nodes with every property that loading owns, in a range of ids, in columns: what a deep digest is made of.
// $first, $last: the range of ids, both inclusive
// $names: names of the properties
// returns: id, labels, props (lists; props are maps with the named properties)
MATCH (n:Entity)
WHERE $first <= n.id <= $last
RETURN collect(n.id) AS id, collect(labels(n)) AS labels,
       collect([name IN $names | n[name]]) AS props
