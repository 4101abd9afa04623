"""What pictures are made of: the whole space, a stretch of the genome, effects."""
