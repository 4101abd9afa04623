"""Every recipe asked on a graph of one's own: writes docs/recipes.md, tables by the program and remarks from here.

    python examples/recipes.py generel.toml docs/recipes.md [--two-models OTHER.toml]

OTHER.toml is a project whose nodes have the vectors of two models, if those of the first have one alone.
"""

from __future__ import annotations

import argparse
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import generel_graph
from generel_graph.ask import RecipeResult, recipe_names
from generel_graph.session import Session

ROWS = 10  # of each answer
ITEMS = 4  # of a list in a cell
TWO_MODELS = "changed_between_models"


@dataclass(frozen=True, slots=True)
class Asked:
    """One recipe with the values that it is asked with here, and what there is to say of the answer."""

    name: str
    parameters: dict[str, Any] = field(default_factory=dict)
    embed: dict[str, str] = field(default_factory=dict)
    remark: str = ""


ASKED: tuple[Asked, ...] = (
    Asked(
        "variants_regulating_drugged_gene",
        {"disease": "systemic lupus erythematosus", "limit": 10},
        remark=(
            "Would a geneticist believe it? As a list of where to look, in part. Asked of the catalogue: "
            "rs7572733 is reported for dermatomyositis (p 6e-6, odds ratio 1.25), rs26232 and rs73194058 for "
            "rheumatoid arthritis (p 4e-8 and 3e-8), diseases that share much with lupus; the reports for "
            "lupus nearest to rs7572733 are rs4850410 and rs1429411, .8 and 1 Mb away and of p 1e-6 and 5e-6, "
            "so it is another locus. IFNGR2 with interferon gamma is plausible as biology, but the allele "
            "raises the receptor and the drug is the agonist: what to do with it would have to be asked of "
            "the direction of risk, which nobody has reported. Not to be believed: the row of CTSF (its eQTL "
            "has p .02 and no allele: GTEx rows are kept whatever their p), and targets such as calcium and "
            "zinc, which are what a protein binds in the drug table and no treatment. Colocalisation is "
            "loaded for none of them, and blood monocytes are the one tissue of most rows."
        ),
    ),
    Asked(
        "drugs_for_disease",
        {"disease": "Crohn's disease", "limit": 12},
        remark=(
            "Would a geneticist believe it? IL12B, yes: the catalogue has rs6556412 at p 5e-14 (odds ratio "
            "1.18 for A, PMID 21102463) with IL12B as its one reported gene, and ustekinumab, against the "
            "protein that IL12B encodes, is given for Crohn disease; this graph has no TREATS edges, so the "
            "known drug is found as if it were new. Not by genetics alone: rs2188962 (p 2e-18) has eleven "
            "reported genes, the whole of 5q31, among them IL5, IL13 and SLC22A4, so reslizumab and "
            "lebrikizumab are one guess each out of eleven. First in the list and not to be believed: "
            "chymopapain, an enzyme by way of PRG2, one of three genes that the paper names for rs11229030 (p "
            '8e-9). All rows say "position only" and no direction: that is the right caution here. The order '
            "is by the cosine, which does not know how good the path is."
        ),
    ),
    Asked("variants_at_locus", {"disease": "asthma", "snp": "rs7216389", "limit": 10}),
    Asked("codes_near_concept", {"concept": "type 2 diabetes", "vocabulary": "PHECODE", "limit": 5}),
    Asked("traits_of_new_snp", {"snp": "rs3087243"}),
    Asked(
        "snp_pleiotropy",
        {"snp": "rs2476601"},
        remark=(
            "Would a geneticist believe it? Yes. The catalogue's own reports: A for rheumatoid arthritis with "
            "odds ratios 1.80 and 1.94 (PMID 24390342, 20453842), type 1 diabetes 1.80 to 2.00 (three papers "
            "with the allele), vitiligo 1.39; G for Crohn disease 1.26 and 1.31 (PMID 21102463, 18587394), "
            "which on A is protection. That PTPN22's variant turns round between Crohn disease and the "
            "autoimmune diseases is textbook. Of the seven reports for rheumatoid arthritis two state allele "
            "and odds ratio; the others count as reports but not for the direction."
        ),
    ),
    Asked("genes_near_phenotypes", {"phenotypes": ["arachnodactyly", "ectopia lentis", "aortic dissection"]}),
    Asked("diseases_alike_by_genetics", {"disease": "rheumatoid arthritis", "limit": 6}),
    Asked("snp_across_biobanks", {"snp": "rs11209026"}),
    Asked(TWO_MODELS, {"disease": "rheumatoid arthritis", "k": 8}),
    Asked("unexplained_pairs", {"concept": "autoimmune disease", "limit": 10}),
    Asked("loci_near_disease_with_drugged_gene", {"disease": "rheumatoid arthritis"}),
    Asked("snp_effects", {"snp": "rs2476601"}),
    Asked(
        "concepts_near_text",
        {"concept": "joint stiffness", "k": 4},
        {"vector": "morning joint stiffness"},
    ),
)


def main() -> None:
    """Ask all and write the page."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("config", type=Path)
    parser.add_argument("page", type=Path)
    parser.add_argument("--two-models", type=Path, help="a project with two models, for the question about both")
    given = parser.parse_args()
    missing = {*recipe_names()} - {asked.name for asked in ASKED}
    if missing:
        parser.error(f"ASKED has no line for {', '.join(sorted(missing))}")
    parts = []
    with generel_graph.open(given.config) as session:
        parts.append(head(session))
        for asked in ASKED:
            if asked.name == TWO_MODELS and given.two_models:
                with generel_graph.open(given.two_models) as other:
                    parts.append(section(other, asked, "On the quick start's small graph, trained twice. "))
            else:
                parts.append(section(session, asked))
    given.page.write_text("\n\n".join(parts) + "\n", encoding="utf-8")


def head(session: Session) -> str:
    """What the page is and what it was asked of."""
    counts = session.query("MATCH (n:Entity) RETURN count(n) AS nodes, COUNT { ()-[]->() } AS edges").iloc[0]
    sources = session.query("MATCH (s:Source) RETURN s.name AS name ORDER BY name")["name"]
    return (
        "# Recipes\n\n"
        "Named questions: `generel-graph recipe` lists them, `generel-graph recipe NAME --show` tells parameters and "
        "columns and prints the statement for Neo4j Browser. Each is one file in `cypher/recipes/`.\n\n"
        f"What follows was written by `examples/recipes.py` from a graph of {counts.nodes:,} nodes and "
        f"{counts.edges:,} edges ({', '.join(sources)}), model `{session.model_id()}`, "
        f"Neo4j {session.graph.capabilities.version}. "
        f"Tables are cut to {ROWS} rows and lists to {ITEMS}. Cosines tell where to look; they are no evidence."
    )


def section(session: Session, asked: Asked, where: str = "") -> str:
    """One recipe: its question, the call, the answer, and the remark."""
    began = time.perf_counter()
    served = session.cook(asked.name, asked.parameters, asked.embed)
    print(f"{asked.name}: {len(served.rows)} rows, {time.perf_counter() - began:.2f} s")
    lines = [f"## {asked.name}", f"{served.recipe.question} {served.recipe.notes}"]
    lines.append(f"```\n{call(asked)}\n```")
    taken = "; ".join(f"{name}: {said}" for name, said in served.taken.items())
    lines.append(where + (f"Taken for: {taken}." if taken else ""))
    lines.append(table(served) if served.rows else f"Nothing came: {served.recipe.nothing}.")
    lines.append(asked.remark)
    return "\n\n".join(line for line in lines if line)


def call(asked: Asked) -> str:
    """The command that gives the same."""
    import json
    import shlex

    words = ["generel-graph", "recipe", asked.name]
    for name, value in asked.parameters.items():
        words += ["-p", f"{name}={json.dumps(value) if isinstance(value, list) else value}"]
    for name, text in asked.embed.items():
        words += ["--embed", f"{name}={text}"]
    return shlex.join(words)


def table(served: RecipeResult) -> str:
    """The answer as a Markdown table; columns that are empty throughout are left out and named below."""
    rows = served.rows[:ROWS]
    full = [i for i, _ in enumerate(served.columns) if any(row[i] not in (None, []) for row in rows)]
    lines = [
        "| " + " | ".join(served.columns[i] for i in full) + " |",
        "|" + "---|" * len(full),
        *("| " + " | ".join(cell(row[i]) for i in full) + " |" for row in rows),
    ]
    notes = []
    if len(served.rows) > ROWS:
        notes.append(f"{len(served.rows)} rows in all.")
    empty = [name for i, name in enumerate(served.columns) if i not in full]
    if empty:
        notes.append(f"Empty here: {', '.join(empty)}.")
    return "\n".join(lines) + ("\n\n" + " ".join(notes) if notes else "")


def cell(value: Any) -> str:
    """A value in few letters."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return f"{value:.3f}".rstrip("0").rstrip(".")
    if isinstance(value, list):
        more = f" (+{len(value) - ITEMS})" if len(value) > ITEMS else ""
        return ", ".join(cell(v) for v in value[:ITEMS]) + more
    return str(value).replace("|", "\\|")


if __name__ == "__main__":
    main()
