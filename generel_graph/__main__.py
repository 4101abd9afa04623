"""`python -m generel_graph` is the command line."""

from generel_graph.cli import main

main()
