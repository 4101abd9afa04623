// Wait until every index is online.
// $seconds: most seconds to wait
// returns: nothing
CALL db.awaitIndexes($seconds)
