// The alleles that reports of an SNP name.
// $snp: id of the SNP
// returns: alleles (the list of the node, or null), type (of the report), effect_allele, other_allele (or null), reports
//   (their number)
MATCH (s:Entity {id: $snp})-[r]->()
WHERE r.effect_allele IS NOT NULL
RETURN s.alleles AS alleles, type(r) AS type, r.effect_allele AS effect_allele, r.other_allele AS other_allele,
       count(*) AS reports
ORDER BY type, effect_allele, other_allele
