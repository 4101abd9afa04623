"""Search: query options, filters, the vector index, and names."""
