"""The training pairs: groups of pairs, batches, negatives, and held-out pairs."""
