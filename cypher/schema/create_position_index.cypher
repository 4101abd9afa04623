// Index for SNPs by chromosome and position.
// returns: nothing
CREATE INDEX snp_position IF NOT EXISTS FOR (n:SNP) ON (n.chromosome, n.position)
