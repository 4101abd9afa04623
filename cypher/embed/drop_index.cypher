// Drop an index if it is there.
// $name: of the index
// returns: nothing
DROP INDEX $name IF EXISTS
