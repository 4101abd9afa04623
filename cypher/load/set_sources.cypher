// Say what was loaded: counts and digest of each source, when all of its nodes and edges are there.
// $rows: maps with name and the properties that a source has
// returns: n (sources written)
UNWIND $rows AS row
MERGE (s:Source {name: row.name})
SET s = row, s.synced_at = datetime()
RETURN count(s) AS n
