// Mark sources as being loaded: without a digest they are compared again whatever happens next.
// $names: names of sources
// returns: n (sources marked)
UNWIND $names AS name
MERGE (s:Source {name: name})
REMOVE s.digest
RETURN count(s) AS n
