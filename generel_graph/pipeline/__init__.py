"""The pipeline of `sync`: which steps are out of date, and running them."""
