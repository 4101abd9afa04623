// Forget sources that the configuration no longer has.
// $names: names of sources
// returns: n (sources deleted)
UNWIND $names AS name
MATCH (s:Source {name: name})
DELETE s
RETURN count(*) AS n
