// The years with at least a hundred dated associations.
// returns: years (list of numbers)
MATCH (:SNP)-[r:ASSOCIATED_WITH]->()
WHERE r.published IS NOT NULL
WITH r.published.year AS year, count(*) AS n
WHERE n >= 100
RETURN collect(year) AS years
