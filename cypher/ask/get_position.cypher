// The genomic position of a node.
// $id: id of the node
// returns: kind, chromosome, position, build (null: unknown)
MATCH (n:Entity {id: $id})
RETURN n.kind AS kind, n.chromosome AS chromosome, n.position AS position, n.build AS build
