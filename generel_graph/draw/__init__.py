"""Pictures of what the graph and its space tell."""
