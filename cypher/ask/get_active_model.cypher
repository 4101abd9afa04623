// The model that questions are answered with; no row where none is active.
// returns: id, slot, dimension, kinds (of the nodes that have its vector)
MATCH (m:Model {active: true})
RETURN m.id AS id, m.slot AS slot, m.dimension AS dimension, m.kinds AS kinds
