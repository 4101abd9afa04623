"""The reader of a user's own tables."""
