// Give a lease back.
// $name: of the lease
// $holder: who had it
// returns: n (leases given back)
MATCH (l:Lease {name: $name, holder: $holder})
DELETE l
RETURN count(*) AS n
