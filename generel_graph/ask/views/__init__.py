"""Tables for plots: the map of the space, loci, effects."""
