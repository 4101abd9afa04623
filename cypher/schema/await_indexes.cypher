// Wait until every index is online.
// $seconds: how long at most
// returns: nothing
CALL db.awaitIndexes($seconds)
