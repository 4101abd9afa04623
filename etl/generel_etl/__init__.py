"""Files to canonical tables: read, stage, resolve. Knows files and tables, never the graph."""
