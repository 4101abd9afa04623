"""Why two things are near each other: evidence, paths, shared neighbours."""
