// The edges that start in a range of ids, with all loaded properties, in columns.
// $first, $last: the range of ids, both inclusive
// returns: start, end, type, source, key, digest, weight, flags, resolved_by, relation, study, pubmed_id, published,
//          neg_log10_p, effect_allele, other_allele, effect_allele_frequency, beta, beta_unit, odds_ratio,
//          standard_error, ci_low, ci_high, ancestry, ancestry_text, sample_size, context, tissue, r2, population,
//          consequence, distance, cases, controls, cohort, count, expected, log_odds_ratio, ppmi, frequency (lists;
//          null where an edge lacks the property)
MATCH (a:Entity)
WHERE $first <= a.id <= $last
MATCH (a)-[r]->(b:Entity)
WITH a.id AS start, b.id AS end, r ORDER BY start, end, type(r), r.source, r.key
WITH collect(start) AS start, collect(end) AS end, collect(r) AS edges
RETURN start, end, [r IN edges | type(r)] AS type,
       [r IN edges | r.source] AS source, [r IN edges | r.key] AS key, [r IN edges | r.digest] AS digest,
       [r IN edges | r.weight] AS weight, [r IN edges | r.flags] AS flags,
       [r IN edges | r.resolved_by] AS resolved_by, [r IN edges | r.relation] AS relation,
       [r IN edges | r.study] AS study, [r IN edges | r.pubmed_id] AS pubmed_id,
       [r IN edges | r.published] AS published, [r IN edges | r.neg_log10_p] AS neg_log10_p,
       [r IN edges | r.effect_allele] AS effect_allele, [r IN edges | r.other_allele] AS other_allele,
       [r IN edges | r.effect_allele_frequency] AS effect_allele_frequency, [r IN edges | r.beta] AS beta,
       [r IN edges | r.beta_unit] AS beta_unit, [r IN edges | r.odds_ratio] AS odds_ratio,
       [r IN edges | r.standard_error] AS standard_error, [r IN edges | r.ci_low] AS ci_low,
       [r IN edges | r.ci_high] AS ci_high, [r IN edges | r.ancestry] AS ancestry,
       [r IN edges | r.ancestry_text] AS ancestry_text, [r IN edges | r.sample_size] AS sample_size,
       [r IN edges | r.context] AS context, [r IN edges | r.tissue] AS tissue, [r IN edges | r.r2] AS r2,
       [r IN edges | r.population] AS population, [r IN edges | r.consequence] AS consequence,
       [r IN edges | r.distance] AS distance, [r IN edges | r.cases] AS cases, [r IN edges | r.controls] AS controls,
       [r IN edges | r.cohort] AS cohort, [r IN edges | r.count] AS count, [r IN edges | r.expected] AS expected,
       [r IN edges | r.log_odds_ratio] AS log_odds_ratio, [r IN edges | r.ppmi] AS ppmi,
       [r IN edges | r.frequency] AS frequency
