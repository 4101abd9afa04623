// The number of associations by broad ancestry group of the studies' participants; a study can have several groups.
// $published_before: reports from this date on are left out; null: none
// returns: ancestry, associations, firsts (associations whose list begins with it; their sum is the number of associations)
MATCH (:SNP)-[r:ASSOCIATED_WITH]->()
WHERE $published_before IS NULL OR r.published IS NULL OR r.published < $published_before
WITH coalesce(r.ancestry, ['unknown']) AS groups
UNWIND range(0, size(groups) - 1) AS index
RETURN groups[index] AS ancestry, count(*) AS associations, sum(CASE index WHEN 0 THEN 1 ELSE 0 END) AS firsts
ORDER BY associations DESC, ancestry
