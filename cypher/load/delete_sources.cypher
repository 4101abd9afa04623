// Delete the records of sources that are no longer in the configuration.
// $names: names of sources
// returns: n (sources deleted)
UNWIND $names AS name
MATCH (s:Source {name: name})
DELETE s
RETURN count(*) AS n
