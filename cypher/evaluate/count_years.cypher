// The years that dated associations were published in, with at least a hundred of them.
// returns: years (a list of numbers)
MATCH (:SNP)-[r:ASSOCIATED_WITH]->()
WHERE r.published IS NOT NULL
WITH r.published.year AS year, count(*) AS n
WHERE n >= 100
RETURN collect(year) AS years
