"""Reader of tables that the configuration describes."""
