// Drop an index if it exists.
// $name: name of the index
// returns: nothing
DROP INDEX $name IF EXISTS
