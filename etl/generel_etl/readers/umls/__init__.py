"""The reader of UMLS Rich Release Format files."""
