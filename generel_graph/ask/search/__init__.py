"""Which clusters lie near what is asked: questions, their scope, the index, names."""
