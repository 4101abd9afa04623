// Record the counts and the digest of each source after all of its nodes and edges were written.
// $rows: maps with name and the other properties of a source
// returns: n (sources written)
UNWIND $rows AS row
MERGE (s:Source {name: row.name})
SET s = row, s.synced_at = datetime()
RETURN count(s) AS n
