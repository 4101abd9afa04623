"""Reader of the UMLS Rich Release Format."""
