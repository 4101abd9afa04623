// At most one model is active; the other models do not have the property.
// returns: nothing
CREATE CONSTRAINT model_active IF NOT EXISTS FOR (m:Model) REQUIRE m.active IS UNIQUE
