"""Normalise the ids of concepts (CURIEs) and SNPs: every spelling in files is mapped to one canonical id.

Each rule is a function of one text. For columns, Polars expressions apply it to the distinct values. For SNPs, of
which a column has a million, the expression implements the rule again as a regular expression; tests compare both.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import partial

import polars as pl


@dataclass(frozen=True, slots=True)
class Prefix:
    """One vocabulary: its canonical prefix, other spellings of it, and the format of its local ids."""

    name: str
    spellings: tuple[str, ...] = ()  # other spellings; case, "_", "-", "." and blanks are ignored
    kind: str | None = None  # default kind of a concept with this prefix
    width: int = 0  # numeric local ids are zero-padded to this length
    upper: bool = True  # convert local ids to upper case
    bare: str = ""  # regular expression of local ids that are recognised without a prefix
    lead: str = ""  # letters to put before a numeric local id


PREFIXES: tuple[Prefix, ...] = (
    Prefix("MONDO", kind="Disease", width=7),
    Prefix("DOID", ("DO",), kind="Disease"),
    Prefix("ORPHA", ("Orphanet", "ORDO"), kind="Disease"),
    Prefix("OMIM", ("MIM", "OMIM_ID"), kind="Disease"),
    Prefix("OMIMPS", ("MIMPS", "OMIM.PS", "phenotypicSeries"), kind="Disease"),
    Prefix("GARD", kind="Disease", width=7),
    Prefix("ICD9CM", ("ICD9", "ICD-9", "ICD-9-CM"), kind="Disease"),
    Prefix("ICD10", ("ICD-10", "ICD10WHO"), kind="Disease"),
    Prefix("ICD10CM", ("ICD-10-CM",), kind="Disease"),
    Prefix("ICD11", ("ICD-11", "ICD11.FOUNDATION"), kind="Disease"),
    Prefix("ICDO", ("ICD-O", "ICD-O-3", "ICDO3"), kind="Disease"),
    Prefix("PHECODE", ("PheCode", "phecodes"), kind="Disease"),
    Prefix("ONCOTREE", kind="Disease"),
    Prefix("HP", ("HPO",), kind="Phenotype", width=7),
    Prefix("EFO", kind="Trait", width=7),
    Prefix("OBA", kind="Trait"),
    Prefix("CMO", kind="Trait", width=7),
    Prefix("HGNC", ("HGNC_ID",), kind="Gene"),
    Prefix(
        "NCBIGene",
        (
            "Entrez",
            "EntrezGene",
            "GeneID",
            "NCBI_GeneID",
            "ncbi_gene_id",
            "NCBI Gene",
            "Entrez Gene",
            "LocusLink",
        ),
        kind="Gene",
    ),
    Prefix(
        "ENSEMBL",
        ("ENSG", "Ensembl Gene", "ensembl_gene_id"),
        kind="Gene",
        bare=r"ENS[A-Z]{0,4}[GTP]\d{11}(?:\.\w+)?",
    ),
    Prefix("UNIPROT", ("UniProtKB", "UniProt ID", "SwissProt", "UP"), kind="Gene"),
    Prefix("DRUGBANK", ("DB", "DrugBank ID"), kind="Drug", bare=r"DB\d{5}", lead="DB"),
    Prefix("CHEBI", ("CHEBI_ID",), kind="Drug"),
    Prefix("CHEMBL", ("CHEMBL.COMPOUND", "CHEMBL.TARGET"), kind="Drug", lead="CHEMBL"),
    Prefix("RXNORM", ("RXCUI", "RxNorm CUI"), kind="Drug"),
    Prefix("RXNORMEXTENSION", ("RxNorm Extension",), kind="Drug"),
    Prefix("CVX", kind="Drug"),
    Prefix("NDC", kind="Drug"),
    Prefix("PUBCHEM", ("PUBCHEM.COMPOUND", "PubChem CID"), kind="Drug"),
    Prefix("ATC", ("ATCC", "ATC code"), kind="DrugClass"),
    Prefix("GO", ("GENE_ONTOLOGY",), width=7),
    Prefix("REACTOME", ("REACT",), kind="Pathway"),
    Prefix("WIKIPATHWAYS", ("WP", "WikiPathway"), kind="Pathway"),
    Prefix("KEGG", ("KEGG.PATHWAY", "KEGG_PATHWAY"), kind="Pathway"),
    Prefix("UBERON", kind="AnatomicalEntity", width=7),
    Prefix("CL", kind="AnatomicalEntity", width=7),
    Prefix("FMA", kind="AnatomicalEntity"),
    Prefix("UMLS", ("UMLS_CUI", "CUI", "UMLS CUI"), lead="C"),
    Prefix("MESH", ("MSH", "MeSH ID", "MSHUI")),
    Prefix("SNOMEDCT", ("SCTID", "SNOMEDCT_US", "SNOMED_CT", "SNOMED", "SCT", "SNOMED_US")),
    Prefix("NCIT", ("NCI", "NCI_Thesaurus", "NCI Thesaurus"), lead="C"),
    Prefix("MEDDRA", ("MDR",)),
    Prefix("LOINC", ("LNC",)),
    Prefix("HCPCS"),
    Prefix("CPT", ("CPT4", "CPT-4")),
    Prefix("ICD10PCS", ("ICD-10-PCS",)),
    Prefix("PMID", ("PubMed",)),
    Prefix("MEDGEN"),
    Prefix("OMOP", ("OMOP concept",)),
)

# Web addresses whose last part has no prefix: a part of the address, and the prefix.
ADDRESSES: tuple[tuple[str, str], ...] = (
    ("snomed.info/", "SNOMEDCT"),
    ("id.nlm.nih.gov/mesh", "MESH"),
    ("umls/id", "UMLS"),
    ("umls/cui", "UMLS"),
    ("uts.nlm.nih.gov", "UMLS"),
    ("omim.org/phenotypicSeries", "OMIMPS"),
    ("omim.org/", "OMIM"),
    ("ncbi.nlm.nih.gov/gene", "NCBIGene"),
    ("drugbank", "DRUGBANK"),
    ("uniprot.org", "UNIPROT"),
    ("ensembl.org", "ENSEMBL"),
    ("rxnav.nlm.nih.gov", "RXNORM"),
    ("purl.bioontology.org/ontology/RXNORM", "RXNORM"),
    ("reactome.org", "REACTOME"),
)

_FOLD = re.compile(r"[\s_.\-]+")
_RELEASE = re.compile(r"(?:_US)?[_-]?\d{4}[_-]\d{1,2}[_-]\d{1,2}$", re.I)  # SNOMEDCT_US_2023_03_01
_PREFIX = re.compile(r"[A-Za-z][A-Za-z0-9_.\-]*")
_NOT_A_VOCABULARY = re.compile(r"(?:chr(?:\d+|[xym]|mt)|grch\d+|hg\d+|https?|ftp)", re.I)
_ICD = re.compile(r"([A-Z]\d[0-9A-Z])([0-9A-Z]{1,4})")


def _fold(spelling: str) -> str:
    return _FOLD.sub("", spelling).casefold()


BY_NAME = {p.name: p for p in PREFIXES}
_BY_SPELLING = {_fold(s): p for p in PREFIXES for s in (p.name, *p.spellings)}
_BARE = tuple((re.compile(p.bare, re.I), p) for p in PREFIXES if p.bare)


def normalise_curie(text: str | None, default: str | None = None) -> str | None:
    """The canonical CURIE of a concept's id in any spelling, or None if `text` is not such an id.

    `default` is the prefix of ids without a prefix ("5468" with NCBIGene → "NCBIGene:5468").
    An unknown prefix is not changed. Never raises; idempotent.
    """
    text = (text or "").strip().strip("<>\"'")
    if not text:
        return None
    if "://" in text:
        return _from_address(text)
    known, local = _split(text)
    if isinstance(known, Prefix):
        return _join(known, local)
    if known is None:
        for pattern, prefix in _BARE:
            if pattern.fullmatch(text):
                return _join(prefix, text)
        if default is None:
            return None
        return _join(_BY_SPELLING.get(_fold(default), Prefix(default, upper=False)), text)
    if _NOT_A_VOCABULARY.fullmatch(known) or not local or re.search(r"\s", local):
        return None
    return f"{known}:{local}"


def prefix_of(curie: str) -> str:
    """The part before the first colon."""
    return curie.partition(":")[0]


def kind_of(curie: str) -> str | None:
    """The kind that the prefix of a canonical CURIE implies, or None (GO, UMLS and MESH imply none)."""
    prefix = BY_NAME.get(prefix_of(curie))
    return prefix.kind if prefix else None


def canonical_prefix(spelling: str) -> str:
    """The canonical spelling of a prefix; an unknown prefix is returned unchanged."""
    known = _BY_SPELLING.get(_fold(_RELEASE.sub("", spelling)))
    return known.name if known else spelling


def is_vocabulary(spelling: str) -> bool:
    """Whether this is a spelling of a known prefix."""
    return canonical_prefix(spelling) in BY_NAME


def spellings() -> tuple[str, ...]:
    """All spellings of all known prefixes, for suggestions in error messages."""
    return tuple(s for p in PREFIXES for s in (p.name, *p.spellings))


def _split(text: str) -> tuple[Prefix | str | None, str]:
    """The prefix (a known one, an unknown one as text, or None) and the local id."""
    head, colon, local = text.partition(":")
    if colon:
        known = _BY_SPELLING.get(_fold(_RELEASE.sub("", head)))
        if known:
            return known, local
        return (head, local) if _PREFIX.fullmatch(head) else (None, text)
    # "MONDO_0005148", "SNOMEDCT_US_73211009": the longest known spelling before an underscore
    for index in [m.start() for m in re.finditer("_", text)][::-1] if "_" in text else ():
        known = _BY_SPELLING.get(_fold(_RELEASE.sub("", text[:index])))
        if known and text[index + 1 :]:
            return known, text[index + 1 :]
    return None, text


def _join(prefix: Prefix, local: str) -> str | None:
    """Normalise a local id by the rules of its vocabulary and add the prefix."""
    local = local.strip()
    while ":" in local or "_" in local:  # "HGNC:HGNC:5", "ORDO:Orphanet_558"
        inner, rest = _split(local)
        if not isinstance(inner, Prefix):
            break
        prefix, local = inner, rest.strip()  # the inner of two prefixes is used
    if prefix.upper:
        local = local.upper()
    if prefix.name in ("OMIM", "OMIMPS") and local.startswith("PS") and local[2:].isdecimal():
        prefix, local = BY_NAME["OMIMPS"], local[2:]
    if prefix.name == "ENSEMBL":
        local = local.partition(".")[0]
    if prefix.name == "NCBIGene" and re.fullmatch(r"\d+\.0", local):
        local = local[:-2]  # the id was once stored as a number
    if prefix.name in ("ICD10", "ICD10CM") and _ICD.fullmatch(local):
        local = _ICD.sub(r"\1.\2", local)
    if local.isascii() and local.isdecimal():
        local = prefix.lead + local.zfill(prefix.width)
    if not local or re.search(r"\s", local):
        return None
    return f"{prefix.name}:{local}"


def _from_address(text: str) -> str | None:
    """The CURIE of a term's web address, or None."""
    path = text.partition("://")[2].rstrip("/?#")
    parts = re.split(r"[/#=]", path)
    last = parts[-1].partition("?")[0]
    known, local = _split(last)
    if isinstance(known, Prefix):
        return _join(known, local)
    for part, name in ADDRESSES:
        if part.casefold() in path.casefold():
            return _join(BY_NAME[name], last)
    named = _BY_SPELLING.get(_fold(parts[-2])) if len(parts) > 1 else None
    if named:  # identifiers.org/ncbigene/5468
        return _join(named, last)
    head, underscore, tail = last.rpartition("_")
    if underscore and "/obo/" in f"/{path}" and _PREFIX.fullmatch(head) and tail:
        return f"{head}:{tail}"
    return None


CHROMOSOMES = (*(str(n) for n in range(1, 23)), "X", "Y", "MT")
_SPELLED = {
    "GRCh36": ("grch36", "ncbi36", "hg18", "b36", "36"),
    "GRCh37": ("grch37", "hg19", "b37", "37"),
    "GRCh38": ("grch38", "hg38", "b38", "38"),
}
BUILDS = {spelling: build for build, spellings in _SPELLED.items() for spelling in spellings}
_NUMBERED = {
    "23": "X",
    "24": "Y",
    "25": "X",
    "26": "MT",
    "M": "MT",
    "XY": "X",
}  # PLINK's numbers; 25 is X's PAR
# Written without \d and \s, whose meaning differs between Rust and Python.
_CHROMOSOME = r"(?:[1-9]|1[0-9]|2[0-6]|XY|MT|X|Y|M)"
_RSID = r"^[ \t\r\n]*[rR][sS]0*([1-9][0-9]*)[ \t\r\n]*$"
_CHROMOSOME_NAME = rf"(?i)^[ \t\r\n]*(?:chr)?0?({_CHROMOSOME})[ \t\r\n]*$"
_POSITION = (
    rf"(?i)^[ \t\r\n]*(?:(GRCh3[678]|hg18|hg19|hg38):)?(?:chr[:_-]?)?0?({_CHROMOSOME})[:_-]([0-9]{{1,10}})"
    r"(?:[:_-]([ACGTN]+)[:_/>-]([ACGTN*-]+))?[ \t\r\n]*$"
)
_ALLELES = r"^[ACGTN*-]+$"


def normalise_rsid(text: str | None) -> str | None:
    """ "RS00123 " → "rs123"; None if the text is not one rsID."""
    match = re.match(_RSID, text or "")
    return f"rs{match[1]}" if match else None


def normalise_chromosome(text: str | None) -> str | None:
    """ "chr6" → "6", "23" → "X", "M" → "MT"; None for other texts than 1–22, X, Y, MT."""
    match = re.match(_CHROMOSOME_NAME, text or "")
    name = match[1].upper() if match else ""
    return _NUMBERED.get(name, name) or None


def normalise_build(text: str | None) -> str | None:
    """ "hg19", "b37", "GRCh37.p13" → "GRCh37"; None for other texts than the human builds 36 to 38."""
    return BUILDS.get(re.sub(r"\.p\d+$", "", (text or "").strip().casefold()))


def position_id(build: str, chromosome: str, position: int, alleles: tuple[str, str] | None = None) -> str | None:
    """ "GRCh37:12:1034943[:ref:alt]" for an SNP without an rsID; None if build or chromosome is invalid.

    Alleles with other characters than ACGTN, "*" and "-" are omitted.
    """
    build_name, name = normalise_build(build), normalise_chromosome(chromosome)
    if build_name is None or name is None or position < 1:
        return None
    both = tuple(a.strip().upper() for a in alleles or ())
    tail = f":{both[0]}:{both[1]}" if both and all(re.match(_ALLELES, a) for a in both) else ""
    return f"{build_name}:{name}:{position}{tail}"


def normalise_snp(text: str | None, build: str | None = None) -> str | None:
    """An SNP's id from one text: an rsID, or "[build:]chr:pos[:ref:alt]"; a build in the text overrides `build`."""
    rs = normalise_rsid(text)
    match = None if rs else re.match(_POSITION, text or "")
    if match is None:
        return rs
    stated, name, position, ref, alt = match.groups()
    return position_id(stated or build or "", name, int(position), (ref, alt) if ref else None)


# --- the same rules for columns ---


def curie(column: pl.Expr, default: str | None = None) -> pl.Expr:
    """`normalise_curie` of a text column; each distinct value is computed once."""
    return column.map_batches(partial(_curies, default=default), return_dtype=pl.String, is_elementwise=True)


def _curies(values: pl.Series, default: str | None) -> pl.Series:
    distinct = values.unique().drop_nulls()
    ids = pl.Series([normalise_curie(v, default) for v in distinct.to_list()], dtype=pl.String)
    return values.replace_strict(distinct, ids, default=None, return_dtype=pl.String)


def kind(column: pl.Expr) -> pl.Expr:
    """The kinds that canonical ids imply: SNP for rsIDs, otherwise `kind_of`."""
    return column.map_batches(_kinds, return_dtype=pl.String, is_elementwise=True)


def _kinds(ids: pl.Series) -> pl.Series:
    prefixes = ids.str.extract(r"^([^:]+):", 1)
    distinct = prefixes.unique().drop_nulls()
    kinds = pl.Series([kind_of(f"{p}:") for p in distinct.to_list()], dtype=pl.String)
    implied = prefixes.replace_strict(distinct, kinds, default=None, return_dtype=pl.String)
    is_snp = ids.str.contains(r"^rs\d+$").fill_null(False)
    return implied.zip_with(~is_snp, pl.Series(["SNP"], dtype=pl.String).new_from_index(0, ids.len()))


def rsid(column: pl.Expr) -> pl.Expr:
    """`normalise_rsid` of a text column."""
    return column.str.extract(_RSID, 1).str.replace("^", "rs")  # keeps the name of the column


def chromosome(column: pl.Expr) -> pl.Expr:
    """`normalise_chromosome` of a text column; each distinct value is computed once."""
    return column.map_batches(_chromosomes, return_dtype=pl.String, is_elementwise=True)


def _chromosomes(values: pl.Series) -> pl.Series:
    distinct = values.unique().drop_nulls()
    names = pl.Series([normalise_chromosome(v) for v in distinct.to_list()], dtype=pl.String)
    return values.replace_strict(distinct, names, default=None, return_dtype=pl.String)


def position_ids(
    build: str | pl.Expr,
    chromosomes: pl.Expr,
    positions: pl.Expr,
    alleles: tuple[pl.Expr, pl.Expr] | None = None,
) -> pl.Expr:
    """`position_id` of columns. `build`: one for all rows, or normalised builds; `positions`: integers."""
    builds = pl.lit(normalise_build(build), dtype=pl.String) if isinstance(build, str) else build
    position = pl.when(positions > 0).then(positions).cast(pl.String)
    start = pl.concat_str(builds, chromosome(chromosomes), position, separator=":")
    if alleles is None:
        return start
    both = [a.str.strip_chars().str.to_uppercase() for a in alleles]
    valid = pl.all_horizontal(*(a.str.contains(_ALLELES).fill_null(False) for a in both))
    return pl.when(valid).then(pl.concat_str(start, *both, separator=":")).otherwise(start)


def snp_position(column: pl.Expr) -> pl.Expr:
    """Parse texts like "chr6:32605884:A:G": a struct of build, chromosome, position, ref, alt.

    All fields are null for other texts; `build` is null if the text states none.
    """
    fields = column.str.extract_groups(_POSITION).struct
    return pl.struct(
        fields.field("1").str.to_lowercase().replace_strict(BUILDS, default=None).alias("build"),
        chromosome(fields.field("2")).alias("chromosome"),
        fields.field("3").cast(pl.Int64, strict=False).alias("position"),
        fields.field("4").str.to_uppercase().alias("ref"),
        fields.field("5").str.to_uppercase().alias("alt"),
    )


def snp_id(column: pl.Expr, build: str | None = None) -> pl.Expr:
    """`normalise_snp` of a text column."""
    return column.map_batches(partial(_snp_ids, build=build), return_dtype=pl.String, is_elementwise=True)


def _snp_ids(values: pl.Series, build: str | None) -> pl.Series:
    """Parse rsIDs first; positions, which are much slower to parse, only for the other texts."""
    frame = values.alias("text").to_frame().with_columns(rsid(pl.col("text")).alias("id"))
    other = frame["id"].is_null() & frame["text"].is_not_null()
    if not other.any():
        return frame["id"].alias(values.name)
    parsed = snp_position(pl.col("text")).struct
    builds = pl.coalesce(parsed.field("build"), pl.lit(normalise_build(build), dtype=pl.String))
    alleles = (parsed.field("ref"), parsed.field("alt"))
    ids = position_ids(builds, parsed.field("chromosome"), parsed.field("position"), alleles)
    other_ids = frame.filter(other).select(ids.alias("id"))["id"]
    return frame["id"].scatter(other.arg_true(), other_ids).alias(values.name)
