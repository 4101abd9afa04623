"""The jars of a private Neo4j: the pinned lists with their sha256, and how missing jars are downloaded."""
