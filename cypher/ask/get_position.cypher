// Where a node lies on the genome.
// $id: of the node
// returns: kind, chromosome, position, build (null: it is not told)
MATCH (n:Entity {id: $id})
RETURN n.kind AS kind, n.chromosome AS chromosome, n.position AS position, n.build AS build
