"""Explanations of a pair: evidence, paths, shared neighbours."""
