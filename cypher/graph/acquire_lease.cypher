// Acquire or renew a lease: it is granted if it is free, expired or held by the same holder.
// $name: name of the lease
// $holder: the caller, in a form that a person can read
// $seconds: seconds until the lease expires unless it is renewed
// returns: holder (the current holder), until (expiry as text), acquired (whether the caller holds it)
MERGE (l:Lease {name: $name})
SET l.requested_at = datetime()
WITH l, coalesce(l.until < datetime() OR l.holder = $holder, true) AS free
SET l.holder = CASE WHEN free THEN $holder ELSE l.holder END,
    l.until = CASE WHEN free THEN datetime() + duration({seconds: $seconds}) ELSE l.until END
RETURN l.holder AS holder, toString(l.until) AS until, l.holder = $holder AS acquired
