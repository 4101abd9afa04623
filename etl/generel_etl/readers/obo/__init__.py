"""Reader of ontologies in OBO format."""
