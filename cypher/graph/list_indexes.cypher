// The vector indexes of one slot.
// $index: name of the slot's property and of its index over all kinds
// returns: name, state ("ONLINE", "POPULATING", "FAILED"), percent (0 to 100)
SHOW VECTOR INDEXES
YIELD name, state, populationPercent
WHERE name = $index OR name STARTS WITH $index + '_'
RETURN name, state, populationPercent AS percent
ORDER BY name
