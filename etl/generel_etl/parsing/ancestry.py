"""The sample of a study: broad ancestry groups and the number of people, from the study's own text.

The groups follow the GWAS Catalog (Morales et al. 2018, doi:10.1186/s13059-018-1396-2) and are recognised by a
fixed list of words. Readers also store the text.
"""

from __future__ import annotations

import polars as pl

UNKNOWN = "unknown"
OTHER = "other"

# The groups are matched in this order, and matched words are removed: "African American" is not also African, and
# "American Indian" is not South Asian.
GROUP_WORDS: tuple[tuple[str, str], ...] = (
    ("European", r"(?:south african )?afrikaner"),
    (
        OTHER,
        r"native american|american indian|native hawaiian|alaskan? native|aboriginal|pacific islander"
        r"|melanesian|micronesian|kosrae\w*|oceanian|papua|samoan|maori|inuit|greenland\w*|filipino|thai|vietnamese"
        r"|malaysian?|malay|indonesian|south[- ]?east asian",
    ),
    (
        "African American",
        r"african[- ]?american|afro[- ]?(?:caribbean|american)|african caribbean|barbadian|black",
    ),
    (
        "African",
        r"african|sub-saharan|yoruban?|nigerian|kenyan|ghanaian|gambian|malawian|ethiopian|ugandan|tanzanian"
        r"|cameroonian|rwandan|zambian",
    ),
    (
        "Hispanic/Latino",
        r"hispanic|latino|latina|latin american|mexican|puerto ric\w+|costa ric\w+|cuban|brazilian|chilean"
        r"|colombian|peruvian|argentin\w+",
    ),
    (
        "Middle Eastern",
        r"middle[- ]?eastern|arab\w*|iranian|turkish|saudi|lebanese|persian|tunisian|egyptian|moroccan"
        r"|kuwaiti|jordanian|iraqi|qatari|palestinian|druze|north african",
    ),
    (
        "East Asian",
        r"east[- ]?asian|chinese|han\b|japanese|korean|taiwanese|hong kong|mongolian|tibetan|uyghur",
    ),
    (
        "South Asian",
        r"south[- ]?asian|(?:asian )?indian(?: asian)?|pakistani|bangladeshi|sri lankan|punjabi|sikh|gujarati|nepal\w*",
    ),
    (
        "European",
        r"europ\w+|caucasian|white|ashkenazi|amish|hutterite|mennonite|finnish|finn|british|uk\b|english|scottish"
        r"|welsh|irish|icelandic|german|sardinian|dutch|italian|french|swedish|norwegian|danish|spanish"
        r"|portuguese|russian|polish|croatian|serbian|slovenian|slovak\w*|czech|hungarian|romanian|bulgarian|greek"
        r"|estonian|latvian|lithuanian|austrian|swiss|belgian|orcadian|korculan|erasmus rucphen|silesian"
        r"|north american",
    ),
    (OTHER, r"asian|admixed|multi-?ethnic|jewish|cypriot|seychell\w+"),
)

_COUNT = r"(?:^|[\s(~,;])(\d{1,3}(?:,\d{3})+|\d+)\s+([A-Za-z-]+)"
_NOT_PEOPLE = r"\s(?:years?|yrs?|months?|weeks?|days?|snps?|markers?|genes?|loci|populations?|cohorts?|studies)$"


def ancestry_groups(text: pl.Expr) -> pl.Expr:
    """The broad groups that a text names, sorted; ["unknown"] if it names none, null without a text."""
    remaining = text.str.to_lowercase()
    is_named: dict[str, pl.Expr] = {}
    for group, words in GROUP_WORDS:
        pattern = rf"\b(?:{words})"
        matches = remaining.str.contains(pattern)
        is_named[group] = is_named[group] | matches if group in is_named else matches
        remaining = remaining.str.replace_all(pattern, " ")
    names = [
        pl.when(is_named[group]).then(pl.lit(group)).otherwise(pl.lit(None, dtype=pl.String))
        for group in sorted(is_named)
    ]
    groups = pl.concat_list(names).list.drop_nulls()
    named_or_unknown = pl.when(groups.list.len() > 0).then(groups).otherwise(pl.lit([UNKNOWN]))
    return pl.when(text.is_not_null()).then(named_or_unknown)


def sample_size(text: pl.Expr) -> pl.Expr:
    """The sum of the numbers of people in a text ("1,000 European cases, 20 controls" → 1020).

    Numbers before a word such as "years" or "SNPs" are ignored. The numbers of trios and families are not
    multiplied. Null if there is no number.
    """
    counts = text.str.extract_all(_COUNT).list.eval(
        pl.when(~pl.element().str.contains(rf"(?i){_NOT_PEOPLE}")).then(
            pl.element().str.extract(_COUNT, 1).str.replace_all(",", "").cast(pl.Int64, strict=False)
        )
    )
    total = counts.list.sum()
    return pl.when(total > 0).then(total)
