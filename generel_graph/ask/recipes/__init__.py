"""Recipes: prepared queries, their files and how they are run."""
