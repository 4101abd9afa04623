"""The reader of ontologies in OBO format."""
