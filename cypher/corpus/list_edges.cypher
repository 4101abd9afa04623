// The edges that start in a range of ids, in columns; a missing number is -1, a missing weight 0.
// $first, $last: the range of ids, both inclusive
// $published_before: reports from this date on are left out; null: none
// returns: start, end, type, weight, odds_ratio, neg_log10_p (lists)
MATCH (a:Entity)
WHERE $first <= a.id <= $last
MATCH (a)-[r]->(b:Entity)
WHERE $published_before IS NULL OR r.published IS NULL OR r.published < $published_before
WITH a.id AS start, b.id AS end, r ORDER BY start, end, r.source, r.key
RETURN collect(start) AS start, collect(end) AS end, collect(type(r)) AS type,
       collect(coalesce(r.weight, 0.0)) AS weight, collect(coalesce(r.odds_ratio, -1.0)) AS odds_ratio,
       collect(coalesce(r.neg_log10_p, -1.0)) AS neg_log10_p
