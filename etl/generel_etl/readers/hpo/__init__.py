"""Readers of the annotation files of the Human Phenotype Ontology."""
