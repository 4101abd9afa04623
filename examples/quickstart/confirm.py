"""Confirm the quick-start tables against the public sources of their facts.

    python confirm.py --data-dir DATA            check; exit status 1 if a row is not confirmed
    python confirm.py --data-dir DATA --write    also remove the rows that are not confirmed

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
TRAITS = {  # the catalogue's disease names and our ids
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
    """Alleles (GRCh38, forward strand) and positions of the wanted SNPs."""
    alleles = {r["SNP"]: {r["effect_allele"], r["other_allele"]} for r in table(data / EQTL) if r["SNP"] in wanted}
    positions: dict[str, tuple[str, str]] = {}
    for row in table(data / SNP_LIST):
        if row["rsid"] in wanted:
            alleles[row["rsid"]] = {row["A1"], row["A2"]}
            positions[row["rsid"]] = (row["#CHROM"], row["POS"])
    return alleles, positions


def oriented(report: Row, alleles: set[str]) -> str:
    """The report's allele on the SNP list's strand; empty if it is neither of the two alleles."""
    allele = report["allele"]
    return next((a for a in (allele, COMPLEMENT.get(allele, "")) if a in alleles), "")


def fault(row: Row, reports: list[Row], alleles: set[str], position: tuple[str, str] | None) -> str:
    """The reason why a row is not confirmed; empty if it is confirmed."""
    if not reports:
        return "pair not in the catalogue"
    same = [r for r in reports if (r["PUBMEDID"], r["published"]) == (row["pubmed_id"], row["published"])]
    same = [r for r in same if abs(float(r["PVALUE_MLOG"]) - float(row["neg_log10_p"])) < 0.06]
    if not same:
        return "no such report (PubMed id, date, p-value)"
    known = {position, *((r["CHR_ID"].replace("23", "X"), r["CHR_POS"]) for r in reports)}
    if (row["chromosome"], row["position"]) not in known:
        return "position differs from both sources"
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


def undefined_references() -> list[str]:
    """Ids and symbols that the other files do not define."""
    lines = (HERE / "concepts.obo").read_text(encoding="utf-8").splitlines()
    concepts = {line[4:].strip() for line in lines if line.startswith("id: ")}
    genes = {row["id"]: row["symbol"] for row in table(HERE / "genes.tsv")}
    known = concepts | genes.keys()
    endpoints = [row[side] for row in table(HERE / "links.tsv") for side in ("subject", "object")]
    undefined = [id_ for id_ in endpoints if id_ not in known]
    for row in table(HERE / "associations.tsv"):
        undefined += [row["disease_id"]] * (row["disease_id"] not in concepts)
        undefined += [row["gene"]] * (row["gene"] not in genes.values())
        date.fromisoformat(row["published"])
    return undefined


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--data-dir", type=Path, required=True, metavar="DATA")
    parser.add_argument(
        "--write", action="store_true", help="remove the rows of associations.tsv that are not confirmed"
    )
    options = parser.parse_args()
    rows = list(table(HERE / "associations.tsv"))
    reports = read_reports(options.data_dir)
    alleles, positions = read_snps(options.data_dir, {row["rsid"] for row in rows})
    confirmed, left_out = [], Counter[str]()
    for row in rows:
        rsid, disease = row["rsid"], row["disease_id"]
        if reason := fault(row, reports.get((rsid, disease), []), alleles.get(rsid, set()), positions.get(rsid)):
            left_out[reason] += 1
            print(f"left out: {rsid} {row['disease']}: {reason}")
        else:
            confirmed.append(row)
    print(
        f"{len(confirmed)} of {len(rows)} rows confirmed",
        *(f"{n} x {reason}" for reason, n in left_out.items()),
        sep="; ",
    )
    missing = undefined_references()
    print(f"{len(missing)} references that no file defines", *missing)
    if options.write and left_out:
        with (HERE / "associations.tsv").open("w", encoding="utf-8", newline="") as out:
            writer = csv.DictWriter(out, rows[0].keys(), delimiter="\t", lineterminator="\n")
            writer.writeheader()
            writer.writerows(confirmed)
    return int(bool(missing or (left_out and not options.write)))


if __name__ == "__main__":
    raise SystemExit(main())
