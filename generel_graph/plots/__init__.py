"""Pictures: functions that take tables and graphs, write files and return their paths."""
