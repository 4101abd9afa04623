// The record of each source's last load.
// returns: name, digest (null while a load of it is unfinished), and its counts, version, licence, url, sha256
MATCH (s:Source)
RETURN s.name AS name, s.digest AS digest, s.version AS version, s.licence AS licence, s.url AS url,
       s.sha256 AS sha256, s.rows_read AS rows_read, s.rows_loaded AS rows_loaded, s.rows_merged AS rows_merged,
       s.rows_rejected AS rows_rejected, s.rows_dangling AS rows_dangling, s.rows_staged AS rows_staged,
       s.nodes AS nodes, s.edges AS edges, toString(s.synced_at) AS synced_at
ORDER BY name
