"""The training corpus: nodes, edges and weighted pairs, read from the graph by one Cypher file per task.

This package imports nothing, so that `learn` can use `corpus.schema` and `corpus.arrays` without a database driver.
"""
