"""Confirm the quick-start tables against the public sources that their facts come from.

    python confirm.py --data-dir DATA            check, exit 1 if a row is not confirmed
    python confirm.py --data-dir DATA --write    keep the confirmed rows only

DATA holds the GWAS Catalog, a SNP list on GRCh38 and an eQTL table (for the alleles of SNPs not on the list).
"""

from __future__ import annotations

import argparse
import csv
import gzip
from collections import Counter, defaultdict
from collections.abc import Iterator
from datetime import date, datetime
from pathlib import Path

HERE = Path(__file__).parent
CATALOGUE = "gwas_catalog/associations_v1.0.1_2015-07-08.tsv.gz"
SNP_LIST = "variants/hapmap3_dbsnp151_hg38.snplist.gz"
EQTL = "eqtl/blueprint_monocyte_tophits.tsv.gz"
TRAITS = {  # the catalogue's name of a disease: ours
    "Ankylosing spondylitis": "MONDO:0005306",
    "Asthma": "MONDO:0004979",
    "Celiac disease": "MONDO:0005130",
    "Coronary artery disease": "MONDO:0005010",
    "Coronary heart disease": "MONDO:0005010",
    "Crohn's disease": "MONDO:0005011",
    "Multiple sclerosis": "MONDO:0005301",
    "Psoriasis": "MONDO:0005083",
    "Rheumatoid arthritis": "MONDO:0008383",
    "Systemic lupus erythematosus": "MONDO:0007915",
    "Type 1 diabetes": "MONDO:0005147",
    "Type 2 diabetes": "MONDO:0005148",
    "Ulcerative colitis": "MONDO:0005101",
}
COMPLEMENT = {"A": "T", "C": "G", "G": "C", "T": "A"}
Row = dict[str, str]


def table(path: Path, encoding: str = "utf-8") -> Iterator[Row]:
    """Rows of a tab-separated file without quoting, plain or gzipped."""
    opener = gzip.open if path.suffix == ".gz" else open
    with opener(path, "rt", encoding=encoding, newline="") as lines:
        yield from csv.DictReader(lines, delimiter="\t", quoting=csv.QUOTE_NONE)


def number(text: str) -> float | None:
    return float(text) if text.replace(".", "", 1).isdigit() else None


def read_reports(data: Path) -> dict[tuple[str, str], list[Row]]:
    """The catalogue's reports of each (rsid, disease)."""
    reports: dict[tuple[str, str], list[Row]] = defaultdict(list)
    for row in table(data / CATALOGUE, "latin-1"):
        if row["DISEASE/TRAIT"] in TRAITS:
            row["published"] = datetime.strptime(row["DATE"], "%d-%b-%Y").date().isoformat()
            row["allele"] = row["STRONGEST SNP-RISK ALLELE"].rpartition("-")[2].strip().upper()
            reports[row["SNPS"].strip(), TRAITS[row["DISEASE/TRAIT"]]].append(row)
    return reports


def read_snps(data: Path, wanted: set[str]) -> tuple[dict[str, set[str]], dict[str, tuple[str, str]]]:
    """Alleles (GRCh38, forward strand) and places of the wanted SNPs."""
    alleles = {r["SNP"]: {r["effect_allele"], r["other_allele"]} for r in table(data / EQTL) if r["SNP"] in wanted}
    places: dict[str, tuple[str, str]] = {}
    for row in table(data / SNP_LIST):
        if row["rsid"] in wanted:
            alleles[row["rsid"]] = {row["A1"], row["A2"]}
            places[row["rsid"]] = (row["#CHROM"], row["POS"])
    return alleles, places


def oriented(report: Row, alleles: set[str]) -> str:
    """The report's allele on the SNP list's strand, or nothing where it names none of the two."""
    allele = report["allele"]
    return next((a for a in (allele, COMPLEMENT.get(allele, "")) if a in alleles), "")


def fault(row: Row, reports: list[Row], alleles: set[str], place: tuple[str, str] | None) -> str:
    """Why a row is not confirmed; empty where it is."""
    if not reports:
        return "pair not in the catalogue"
    same = [r for r in reports if (r["PUBMEDID"], r["published"]) == (row["pubmed_id"], row["published"])]
    same = [r for r in same if abs(float(r["PVALUE_MLOG"]) - float(row["neg_log10_p"])) < 0.06]
    if not same:
        return "no such report (PubMed id, date, p-value)"
    known = {place, *((r["CHR_ID"].replace("23", "X"), r["CHR_POS"]) for r in reports)}
    if (row["chromosome"], row["position"]) not in known:
        return "position differs from both"
    effect, other, odds_ratio = row["effect_allele"], row["other_allele"], number(row["odds_ratio"])
    if not effect and not other:
        return "odds ratio without an allele" if odds_ratio else ""
    if {effect, other} != alleles or COMPLEMENT[effect] == other:
        return "allele not among the SNP's alleles, or strand unclear"
    if odds_ratio is None:
        return "" if any(oriented(r, alleles) for r in same) else "allele not stated by the report"
    if not 0.1 < odds_ratio < 10:
        return "odds ratio out of range"
    named = {oriented(r, alleles) for r in same} - {""} or {oriented(r, alleles) for r in reports} - {""}
    sizes = [size for r in same if (size := number(r["OR or BETA"]))]
    agree = len(named) == 1 and any(abs(odds_ratio - (s if effect in named else 1 / s)) < 0.0051 for s in sizes)
    return "" if agree else "direction or odds ratio differs"


def dangling() -> list[str]:
    """Ids and symbols that the other files do not define."""
    lines = (HERE / "concepts.obo").read_text(encoding="utf-8").splitlines()
    concepts = {line[4:].strip() for line in lines if line.startswith("id: ")}
    genes = {row["id"]: row["symbol"] for row in table(HERE / "genes.tsv")}
    known = concepts | genes.keys()
    found = [row[end] for row in table(HERE / "links.tsv") for end in ("subject", "object") if row[end] not in known]
    for row in table(HERE / "associations.tsv"):
        found += [row["disease_id"]] * (row["disease_id"] not in concepts)
        found += [row["gene"]] * (row["gene"] not in genes.values())
        date.fromisoformat(row["published"])
    return found


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--data-dir", type=Path, required=True, metavar="DATA")
    parser.add_argument("--write", action="store_true", help="rewrite associations.tsv with the confirmed rows only")
    options = parser.parse_args()
    rows = list(table(HERE / "associations.tsv"))
    reports = read_reports(options.data_dir)
    alleles, places = read_snps(options.data_dir, {row["rsid"] for row in rows})
    kept, left_out = [], Counter[str]()
    for row in rows:
        rsid, disease = row["rsid"], row["disease_id"]
        if why := fault(row, reports.get((rsid, disease), []), alleles.get(rsid, set()), places.get(rsid)):
            left_out[why] += 1
            print(f"left out: {rsid} {row['disease']}: {why}")
        else:
            kept.append(row)
    print(f"{len(kept)} of {len(rows)} rows confirmed", *(f"{n} x {why}" for why, n in left_out.items()), sep="; ")
    missing = dangling()
    print(f"{len(missing)} references that no file defines", *missing)
    if options.write and left_out:
        with (HERE / "associations.tsv").open("w", encoding="utf-8", newline="") as out:
            writer = csv.DictWriter(out, rows[0].keys(), delimiter="\t", lineterminator="\n")
            writer.writeheader()
            writer.writerows(kept)
    return int(bool(missing or (left_out and not options.write)))


if __name__ == "__main__":
    raise SystemExit(main())
