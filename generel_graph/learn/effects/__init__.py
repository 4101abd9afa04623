"""Effects: how large an association would be."""
