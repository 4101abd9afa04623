// How many associations come from studies of each broad group of ancestry; a study may have looked at several.
// $published_before: a date from which on reports are left out, or null
// returns: ancestry, associations, firsts (those whose list it stands first in: all firsts are all associations)
MATCH (:SNP)-[r:ASSOCIATED_WITH]->()
WHERE $published_before IS NULL OR r.published IS NULL OR r.published < $published_before
WITH coalesce(r.ancestry, ['unknown']) AS groups
UNWIND range(0, size(groups) - 1) AS place
RETURN groups[place] AS ancestry, count(*) AS associations, sum(CASE place WHEN 0 THEN 1 ELSE 0 END) AS firsts
ORDER BY associations DESC, ancestry
