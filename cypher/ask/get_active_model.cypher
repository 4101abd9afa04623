// The active model, and its vectors of some nodes; no row if no model is active.
// $ids: ids of the nodes (list; empty: none)
// returns: id, slot, dimension, kinds (of the nodes that have its vector), nodes, node_kinds, vectors (lists, of the
//   nodes that have one)
MATCH (m:Model {active: true})
OPTIONAL MATCH (n:Entity)
WHERE n.id IN $ids AND n[m.index] IS NOT NULL
WITH m, collect(n.id) AS nodes, collect(n.kind) AS node_kinds, collect(n[m.index]) AS vectors
RETURN m.id AS id, m.slot AS slot, m.dimension AS dimension, m.kinds AS kinds, nodes, node_kinds, vectors
