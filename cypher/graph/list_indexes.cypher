// The vector indexes of one slot.
// $index: the name that the slot's property and plain index share
// returns: name, state ("ONLINE", "POPULATING", "FAILED"), percent (0 to 100)
SHOW VECTOR INDEXES
YIELD name, state, populationPercent
WHERE name = $index OR name STARTS WITH $index + '_'
RETURN name, state, populationPercent AS percent
ORDER BY name
