"""Run every recipe on a graph and write the page `docs/how-to/recipes.md`: answers by the program, comments from here.

    python examples/recipes.py generel.toml docs/how-to/recipes.md [--two-models OTHER.toml]

OTHER.toml is a project with the vectors of two models, if the first project has only one model.
"""

from __future__ import annotations

import argparse
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import generel_graph
from generel_graph.ask import RecipeResult
from generel_graph.ask.recipes.recipe import recipe_names
from generel_graph.session import Session

ROWS = 10  # of each answer
ITEMS = 4  # of a list in a cell
TWO_MODELS = "changed_between_models"
INTRODUCTION = """\
# Recipes and their answers

A recipe is a named question that combines edges and vectors in one Cypher statement. `generel-graph recipe` lists the
recipes, `generel-graph recipe NAME -p disease=asthma` runs one, and `generel-graph recipe NAME --show` prints its
parameters, its columns and the statement for Neo4j Browser. Diseases, SNPs, genes, drugs, phenotypes and concepts can
be given by any name, symbol, rsID or code. [Add a recipe](add-a-recipe.md) describes how to write one.

% generated: recipe_list"""


@dataclass(frozen=True, slots=True)
class Example:
    """One recipe, its parameters for the page, and a comment on the answer."""

    name: str
    parameters: dict[str, Any] = field(default_factory=dict)
    embed: dict[str, str] = field(default_factory=dict)
    remark: str = ""


EXAMPLES: tuple[Example, ...] = (
    Example(
        "variants_regulating_drugged_gene",
        {"disease": "systemic lupus erythematosus", "limit": 10},
        remark=(
            "**Would a geneticist believe it?** In part, as a list of candidates. Compare with the catalogue: "
            "rs7572733 is reported for dermatomyositis (p = 6e-6, odds ratio 1.25), and rs26232 and rs73194058 "
            "for rheumatoid arthritis (p = 4e-8 and 3e-8). These diseases share much genetics with lupus. The "
            "lupus reports nearest to rs7572733 are rs4850410 and rs1429411, 0.8 and 1 Mb away, with p = 1e-6 "
            "and 5e-6, so it is a different locus. IFNGR2 with interferon gamma is plausible biology, but the "
            "allele raises the receptor and the drug is the agonist: the therapeutic direction depends on the "
            "direction of risk, which nobody has reported. Two results are not credible: the row for CTSF (its "
            "eQTL has p = .02 and no allele, because GTEx rows are loaded whatever their p-value), and targets "
            "such as calcium and zinc, which a protein binds in the drug table and which are not a treatment. "
            "Colocalisation is not loaded for any row, and blood monocytes are the only tissue of most rows."
        ),
    ),
    Example(
        "drugs_for_disease",
        {"disease": "Crohn's disease", "limit": 12},
        remark=(
            "**Would a geneticist believe it?** For IL12B, yes: the catalogue has rs6556412 at p = 5e-14 (odds "
            "ratio 1.18 for A, PMID 21102463) with IL12B as its only reported gene. Ustekinumab targets the "
            "protein that IL12B encodes and is used to treat Crohn disease. This graph contains no TREATS "
            "edges, so the known drug appears as if it were new. Genetics alone does not support reslizumab and "
            "lebrikizumab: rs2188962 (p = 2e-18) has eleven reported genes, all of 5q31, among them IL5, IL13 "
            "and SLC22A4, so each drug is one guess out of eleven. The first row is not credible: chymopapain, "
            "an enzyme, reached through PRG2, one of three genes that the paper names for rs11229030 (p = "
            '8e-9). All rows say "position only" and state no direction, which is the correct caution. The rows '
            "are ordered by the cosine, which does not reflect the quality of the path."
        ),
    ),
    Example("variants_at_locus", {"disease": "asthma", "snp": "rs7216389", "limit": 10}),
    Example("codes_near_concept", {"concept": "type 2 diabetes", "vocabulary": "PHECODE", "limit": 5}),
    Example("traits_of_new_snp", {"snp": "rs3087243"}),
    Example(
        "snp_pleiotropy",
        {"snp": "rs2476601"},
        remark=(
            "**Would a geneticist believe it?** Yes. The catalogue reports A for rheumatoid arthritis with odds "
            "ratios 1.80 and 1.94 (PMID 24390342, 20453842), for type 1 diabetes with 1.80 to 2.00 (three "
            "papers with the allele) and for vitiligo with 1.39. It reports G for Crohn disease with 1.26 and "
            "1.31 (PMID 21102463, 18587394), which means that A is protective. The opposite effect of the "
            "PTPN22 variant in Crohn disease and in the autoimmune diseases is textbook knowledge. Of the seven "
            "reports for rheumatoid arthritis, two state allele and odds ratio. The others count as reports but "
            "not for the direction."
        ),
    ),
    Example("genes_near_phenotypes", {"phenotypes": ["arachnodactyly", "ectopia lentis", "aortic dissection"]}),
    Example("diseases_alike_by_genetics", {"disease": "rheumatoid arthritis", "limit": 6}),
    Example("snp_across_biobanks", {"snp": "rs11209026"}),
    Example(TWO_MODELS, {"disease": "rheumatoid arthritis", "k": 8}),
    Example("unexplained_pairs", {"concept": "autoimmune disease", "limit": 10}),
    Example("loci_near_disease_with_drugged_gene", {"disease": "rheumatoid arthritis"}),
    Example("snp_effects", {"snp": "rs2476601"}),
    Example(
        "concepts_near_text",
        {"concept": "joint stiffness", "k": 4},
        {"vector": "morning joint stiffness"},
    ),
)


def main() -> None:
    """Run all recipes and write the page."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("config", type=Path)
    parser.add_argument("page", type=Path)
    parser.add_argument("--two-models", type=Path, help="a project with two models, for the recipe that compares them")
    arguments = parser.parse_args()
    missing = {*recipe_names()} - {example.name for example in EXAMPLES}
    if missing:
        parser.error(f"EXAMPLES has no line for {', '.join(sorted(missing))}")
    parts = []
    with generel_graph.open(arguments.config) as session:
        parts.append(head(session))
        for example in EXAMPLES:
            if example.name == TWO_MODELS and arguments.two_models:
                with generel_graph.open(arguments.two_models) as other:
                    parts.append(section(other, example, "On the small graph of the quick start, trained twice. "))
            else:
                parts.append(section(session, example))
    arguments.page.write_text("\n\n".join(parts) + "\n", encoding="utf-8")


def head(session: Session) -> str:
    """The introduction of the page and the graph that the answers are from."""
    counts = session.query("MATCH (n:Entity) RETURN count(n) AS nodes, COUNT { ()-[]->() } AS edges").frame().iloc[0]
    sources = session.query("MATCH (s:Source) RETURN s.name AS name ORDER BY name").frame()["name"]
    return (
        f"{INTRODUCTION}\n\n"
        f"The answers below were written by `examples/recipes.py` from a graph of {counts.nodes:,} nodes and "
        f"{counts.edges:,} edges ({', '.join(sources)}), model `{session.model_id()}`, "
        f"Neo4j {session.graph.capabilities.version}. Tables show the first {ROWS} rows and the first {ITEMS} items of "
        "a list. Cosines suggest where to look; they are not evidence."
    )


def section(session: Session, example: Example, where: str = "") -> str:
    """The section of one recipe: question, command, answer and comment."""
    began = time.perf_counter()
    result = session.recipe(example.name, example.parameters, embed=example.embed)
    print(f"{example.name}: {len(result.rows)} rows, {time.perf_counter() - began:.2f} s")
    lines = [f"({example.name})=\n## {example.name}", f"% generated: recipe_head {example.name}"]
    lines.append(f"```shell\n{call(example)}\n```")
    resolved = "; ".join(f"{name}: {text}" for name, text in result.resolved.items())
    lines.append(where + (f"Resolved: {resolved}." if resolved else ""))
    lines.append(table(result) if result.rows else f"No rows: {result.recipe.nothing}.")
    lines.append(example.remark)
    return "\n\n".join(line for line in lines if line)


def call(example: Example) -> str:
    """The command that prints the same answer."""
    import json
    import shlex

    words = ["generel-graph", "recipe", example.name]
    for name, value in example.parameters.items():
        words += ["-p", f"{name}={json.dumps(value) if isinstance(value, list) else value}"]
    for name, text in example.embed.items():
        words += ["--embed", f"{name}={text}"]
    return shlex.join(words)


def table(result: RecipeResult) -> str:
    """The answer as a Markdown table; columns without any value are left out and named below it."""
    rows = result.rows[:ROWS]
    full = [i for i, _ in enumerate(result.columns) if any(row[i] not in (None, []) for row in rows)]
    lines = [
        "| " + " | ".join(result.columns[i] for i in full) + " |",
        "|" + "---|" * len(full),
        *("| " + " | ".join(cell(row[i]) for i in full) + " |" for row in rows),
    ]
    notes = []
    if len(result.rows) > ROWS:
        notes.append(f"{len(result.rows)} rows in total.")
    empty = [name for i, name in enumerate(result.columns) if i not in full]
    if empty:
        notes.append(f"Columns without a value here: {', '.join(empty)}.")
    return "\n".join(lines) + ("\n\n" + " ".join(notes) if notes else "")


def cell(value: Any) -> str:
    """A value as short text."""
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
