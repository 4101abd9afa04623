// Release a lease.
// $name: name of the lease
// $holder: its holder
// returns: n (leases released)
MATCH (l:Lease {name: $name, holder: $holder})
DELETE l
RETURN count(*) AS n
