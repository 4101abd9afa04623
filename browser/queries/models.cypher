// Models, the active one first
MATCH (m:Model)
RETURN m.id AS model, m.index AS slot, coalesce(m.active, false) AS active, m.state AS state, m.vectors AS vectors, m.trained_at AS trained
ORDER BY active DESC, trained DESC
