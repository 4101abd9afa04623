"""The readers of the Human Phenotype Ontology's annotation files."""
