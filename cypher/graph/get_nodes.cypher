// Properties that loading writes of the nodes in a range of ids, in columns. The deep digest covers them.
// $first, $last: range of ids, both inclusive
// $names: names of the properties
// returns: id, labels, props (lists; props are maps with the named properties)
MATCH (n:Entity)
WHERE $first <= n.id <= $last
RETURN collect(n.id) AS id, collect(labels(n)) AS labels,
       collect([name IN $names | n[name]]) AS props
