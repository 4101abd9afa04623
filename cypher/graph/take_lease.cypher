// Take the lease of a name if it is free, expired or already ours.
// $name: of the lease
// $holder: who asks, in words that tell a person
// $seconds: how long it holds without being renewed
// returns: holder (who has it now), until (text), mine (whether that is us)
MERGE (l:Lease {name: $name})
SET l.asked = datetime()
WITH l, coalesce(l.until < datetime() OR l.holder = $holder, true) AS free
SET l.holder = CASE WHEN free THEN $holder ELSE l.holder END,
    l.until = CASE WHEN free THEN datetime() + duration({seconds: $seconds}) ELSE l.until END
RETURN l.holder AS holder, toString(l.until) AS until, l.holder = $holder AS mine
