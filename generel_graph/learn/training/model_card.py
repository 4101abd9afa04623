"""The model card: what a model is, what it was learnt from, how it did and what it is not for.

Its head is what Hugging Face's hub reads (https://huggingface.co/docs/hub/model-cards), so that the folder can be
uploaded as it is.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

HEAD = """---
library_name: generel-graph
license: other
language: en
tags: [generel-graph, genetics, gwas, snp, biomedical, knowledge-graph, graph-embeddings, contrastive-learning]
---"""
WAYS = {
    "text": "the frozen encoder alone, wording against names",
    "adapter": "the adapter, wording against the vectors of concepts",
    "adapter to names": "the adapter, wording against names",
    "fused": "the adapter and the frozen encoder together",
}


def model_card(config: Mapping[str, Any]) -> str:
    """The README.md of a model's folder, from its config.json."""
    parts = (
        _what(config),
        _data(config.get("data") or {}),
        _tasks(config),
        _wordings(config),
        _effects(config),
        _settings(config),
    )
    return "\n\n".join([HEAD, *filter(None, parts), _limits(config.get("data") or {})]) + "\n"


def _what(config: Mapping[str, Any]) -> str:
    identity, report = config["identity"], config["report"]
    model, train = identity["model"], identity["train"]
    share = model["learnt_share"]
    number_format, chosen = report.get("number_format") or "an unrecorded format", train.get("number_format", "auto")
    towers = "\n".join(
        f"- {tower['tower']}: {', '.join(tower['blocks'])} → {tower['hidden']} → {tower['dimension']}"
        for tower in config["towers"]
    )
    return f"""# Model {config["id"]}

SNPs and biomedical concepts in one space, trained on the edges of one graph.

- graph: {identity["corpus"]} ({config["nodes"]:,} nodes, {config["edges"]:,} edges)
- encoder of texts: {model["encoder"]} ({identity["encoder"]}), frozen, at most {model["max_tokens"]} tokens
- {report["steps"]:,} steps of {train["batch_size"]} pairs, seed {train["seed"]}, {report["seconds"]:.0f} s
- trained in {number_format} (`number_format` {chosen}); vectors in float32
- reports from {train["published_before"] or "no date"} on left out

Two towers place what they are told of a node, SNPs by one, concepts by the other:
{towers}

A stored vector is [√{share:g} · learnt ; √{1 - share:g} · untrained propagation], of unit length; nearness is the
cosine. `generel-graph search` and `score` ask it, `generel-graph export encoder` gives its text side to
sentence-transformers."""


def _data(data: Mapping[str, Any]) -> str:
    sources = data.get("sources", ())
    if not sources:
        return "## Data\n\nThe graph did not say where its data comes from."
    rows = [
        [
            s["name"],
            s["version"],
            s["licence"],
            s["url"],
            s["rows_read"],
            s["rows_loaded"],
            s["edges"],
            s["digest"][:12],
        ]
        for s in sources
    ]
    named = ("source", "version", "licence", "from", "rows read", "rows loaded", "edges", "digest")
    files = [[s["name"], s["sha256"]] for s in sources]
    return f"""## Data

The licences of the sources hold for what is made of them.

{_table(named, rows)}

A source's digest names what it gave to the graph; the sha256 is that of its file, or of its files' own.

{_table(("source", "sha256"), files)}"""


def _tasks(config: Mapping[str, Any]) -> str:
    tasks = config["report"]["tasks"]
    columns = ("task", "pairs", "share", "loss", "chance", "held out", "AUC at the start", "AUC")
    keys = ("name", "pairs", "share", "loss", "chance", "held_out", "auc_start", "auc")
    rows = [[f"{t['share']:.1%}" if k == "share" else t.get(k) for k in keys] for t in tasks]
    told = [t for t in tasks if t.get("auc") is not None and t.get("auc_start") is not None]
    behind = [t["name"] for t in told if t["auc"] <= t["auc_start"]]
    said = f"Not above the untrained start: {', '.join(behind)}." if behind else "All are above the untrained start."
    return f"""## Training and validation

{_table(columns, rows)}

`share` of the batches. `loss` is the mean of the task's last batches in nats, `chance` what equal cosines would give
there. `AUC` is that of `held out` pairs, which no input and no batch of training showed, against ends drawn as often as
the task has them; `AUC at the start` is that of text propagation without training. {said if told else ""}
{_held(config["identity"]["train"])}
The weights are those of step {config["report"].get("kept_step", 0):,}, where the mean AUC was best: it is chosen on
these pairs, so it flatters a little. `generel-graph evaluate` tests on later papers, beside baselines."""


def _held(train: Mapping[str, Any]) -> str:
    by, share = train.get("split", "pair"), f"{100 * train['held_out']:g}%"
    what = {
        "pair": f"{share} of all pairs of nodes",
        "locus": f"all pairs of SNPs in {share} of the loci (windows of 1 Mb, LD blocks whole)",
        "chromosome": f"all pairs of SNPs on chromosome {', '.join(train.get('held_chromosomes', ()))}",
        "concept": f"all pairs of {share} of the concepts, their names too",
    }[by]
    rest = "" if by == "pair" else f", and {share} of the pairs without such an end"
    return f"Held out: {what}{rest}; `held_out.parquet` lists them (task, anchor, positive, weight)."


def _wordings(config: Mapping[str, Any]) -> str:
    told = config["report"].get("wordings") or {}
    if not told:
        return ""
    rows = [[WAYS.get(way, way), told[f"{way} @1"], told[f"{way} @10"]] for way in WAYS if f"{way} @1" in told]
    return f"""## Unseen wordings

{told["asked"]:,.0f} synonyms of concepts none of whose synonyms were taught, asked among {told["among"]:,.0f} diseases,
traits and phenotypes: how often the right concept comes first, and among the first ten.

{_table(("way of asking", "first", "among ten"), rows)}"""


def _effects(config: Mapping[str, Any]) -> str:
    told = config.get("effects") or ()
    if not told:
        return ""
    columns = ("effects", "pairs", "third", "predicted", "observed", "slope", "Spearman")
    rows = [
        [c["source"], c["pairs"], third, p, o, c["slope"], c["spearman"]]
        for c in told
        for third, p, o in zip(("lowest", "middle", "highest"), c["predicted"], c["observed"], strict=True)
    ]
    return f"""## Effect sizes

`generel-graph score` tells the |ln odds ratio| to expect of an SNP on a trait, as studies that find one report it; it
does not say whether there is one, nor its direction. It looks up what is known of the SNP and of the trait.

{_table(columns, rows)}

Known effects by source, in thirds by what was predicted; geometric means of |ln odds ratio|. `slope` of ln observed on
ln predicted, 1 where it is right. Held out: a pair's own effect is in none of its numbers, and the weights come from
other SNPs. Yet its p-value is seen, other reports of the SNP and of the trait are known, the same study's among them,
and reports are of effects that were found: for later papers, replications, or SNPs of which little is known it is less
good."""


def _settings(config: Mapping[str, Any]) -> str:
    identity = config["identity"]
    rows = [
        (f"{part}.{key}", "none" if value is None else f"{value}")
        for part in ("model", "train")
        for key, value in identity[part].items()
    ]
    weights = ", ".join(f"{name} {weight:g}" for name, weight in identity["task_weights"].items())
    return f"""## Settings

{_table(("key", "value"), rows)}

A task is drawn by c · √pairs, with c: {weights}."""


def _limits(data: Mapping[str, Any]) -> str:
    total, groups = data.get("associations", 0), data.get("ancestries", ())
    who = "Associations depend on who was looked at: allele frequencies, LD and environments differ."
    if total:
        shares = ", ".join(f"{name} {many / total:.1%}" for name, many in groups)
        who += f"""
Of {total:,} associations, this share comes from studies with people of each broad group (a study may have several, so
they add up to more than one): {shares}. What is learnt holds best for those who were studied most."""
    return f"""## Limits

**Not for clinical use.** Nearness is a ground for a closer look, not evidence of cause or risk; known edges of the
graph are part of it.

**Ancestry of the studies.** {who}

**Bias of study.** Much-studied diseases, genes and loci have more edges, more text and so better vectors; an SNP stands
for its locus, and the one that was reported is often not the one that acts. What nobody has looked at looks far."""


def _table(columns: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    lines = [columns, ["---"] * len(columns), *([_cell(v) for v in row] for row in rows)]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _cell(value: object) -> str:
    if value is None or value == "":
        return "–"
    if isinstance(value, int):
        return f"{value:,}"
    return f"{value:.3f}" if isinstance(value, float) else str(value).replace("|", "\\|")
