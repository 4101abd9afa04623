// At most one model is active: the others lack the property.
// returns: nothing
CREATE CONSTRAINT model_active IF NOT EXISTS FOR (m:Model) REQUIRE m.active IS UNIQUE
