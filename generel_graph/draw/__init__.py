"""Pictures: functions that take tables and arrays, write files and return their paths."""
