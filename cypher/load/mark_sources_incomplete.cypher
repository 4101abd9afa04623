// Remove the digests of sources before loading them, so that an interrupted load is detected and repeated.
// $names: names of sources
// returns: n (sources marked)
UNWIND $names AS name
MERGE (s:Source {name: name})
REMOVE s.digest
RETURN count(s) AS n
