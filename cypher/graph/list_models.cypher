// The models that have a slot: the active model, then the others, newest first.
// returns: model (map of all properties of the :Model)
MATCH (m:Model)
RETURN m {.*} AS model
ORDER BY m.active IS NULL, m.activated_at DESC, m.created_at DESC, m.id
