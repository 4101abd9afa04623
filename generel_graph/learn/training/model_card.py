"""The model card: what the model is, its data, its training and validation, and its limits.

Its metadata header follows the Hugging Face hub (https://huggingface.co/docs/hub/model-cards), so that the folder can
be uploaded unchanged.
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
SEARCH_METHODS = {
    "text": "the frozen encoder: free text against names",
    "adapter": "the adapter: free text against the vectors of concepts",
    "adapter to names": "the adapter: free text against names",
    "fused": "the adapter and the frozen encoder combined",
}


def model_card(config: Mapping[str, Any], *, is_finetuned: bool) -> str:
    """The README.md of a model folder, from its config.json.

    `is_finetuned`: whether the model has a fine-tuned encoder of its own.
    """
    parts = (
        _overview(config, is_finetuned),
        _data(config.get("data") or {}),
        _tasks(config),
        _free_text(config),
        _effects(config),
        _settings(config),
    )
    return "\n\n".join([HEAD, *filter(None, parts), _limits(config.get("data") or {})]) + "\n"


def _overview(config: Mapping[str, Any], is_finetuned: bool) -> str:
    identity, report = config["identity"], config["report"]
    model, train = identity["model"], identity["train"]
    share = model["learnt_share"]
    number_format, setting = report.get("number_format") or "an unrecorded format", train.get("number_format", "auto")
    towers = "\n".join(
        f"- {tower['tower']}: {', '.join(tower['blocks'])} → {tower['hidden']} → {tower['dimension']}"
        for tower in config["towers"]
    )
    encoder = f"{model['encoder']} ({identity['encoder']}), at most {model['max_tokens']} tokens"
    return f"""# Model {config["id"]}

SNPs and biomedical concepts in one embedding space, trained on the edges of one graph.

- graph: {identity["corpus"]} ({config["nodes"]:,} nodes, {config["edges"]:,} edges)
- text encoder: {encoder}; {_mode(train, is_finetuned)}
- {report["steps"]:,} steps of {train["batch_size"]} pairs, seed {train["seed"]}, {report["seconds"]:.0f} s
- trained in {number_format} (`number_format` {setting}); vectors in float32
- {_cut_off(train["published_before"])}
- two towers, one for SNPs and one for concepts; inputs → hidden layer → learnt dimension:

{towers}

A stored vector is [√{share:g} · learnt ; √{1 - share:g} · untrained propagation], of unit length; the score is the
cosine. `generel-graph search` and `score` query the model. `generel-graph export encoder` exports its text encoder for
sentence-transformers."""


def _cut_off(published_before: str | None) -> str:
    return f"reports published before {published_before} only" if published_before else "reports of all dates"


def _mode(train: Mapping[str, Any], is_finetuned: bool) -> str:
    """The training mode of the encoder, and whether the model has the fine-tuned weights."""
    mode = train.get("mode", "frozen")
    if mode == "frozen":
        return "frozen (`mode` frozen)"
    method = f"low-rank updates, rank {train['lora_rank']}" if mode == "lora" else "all weights"
    if is_finetuned:
        return f"fine-tuned, {method} (`mode` {mode})"
    return f"not fine-tuned: the best step is before fine-tuning of {method} (`mode` {mode})"


def _data(data: Mapping[str, Any]) -> str:
    sources = data.get("sources", ())
    if not sources:
        return "## Data\n\nThe graph has no record of its sources."
    keys = ("name", "version", "licence", "url", "rows_read", "rows_loaded", "edges")
    rows = [[*(source[key] for key in keys), source["digest"][:12]] for source in sources]
    columns = ("source", "version", "licence", "URL", "rows read", "rows loaded", "edges", "digest")
    files = [[source["name"], source["sha256"]] for source in sources]
    return f"""## Data

The licences of the sources apply to everything derived from them.

{_table(columns, rows)}

The digest of a source covers the rows that it contributed to the graph; the SHA-256 is that of its file, or of the
digests of its files.

{_table(("source", "sha256"), files)}"""


def _tasks(config: Mapping[str, Any]) -> str:
    tasks = config["report"]["tasks"]
    columns = ("task", "pairs", "share", "loss", "chance", "held out", "AUC at the start", "AUC")
    keys = ("name", "pairs", "share", "loss", "chance", "held_out", "auc_start", "auc")
    rows = [[f"{t['share']:.1%}" if k == "share" else t.get(k) for k in keys] for t in tasks]
    validated = [t for t in tasks if t.get("auc") is not None and t.get("auc_start") is not None]
    behind = [t["name"] for t in validated if t["auc"] <= t["auc_start"]]
    comparison = f"Not above the start: {', '.join(behind)}." if behind else "All are above the start."
    return f"""## Training and validation

{_table(columns, rows)}

`share`: expected share of the batches. `loss`: mean over the last batches of the task, in nats. `chance`: the loss if
all cosines were equal. `AUC`: of the `held out` pairs, which are in no input and no batch of training, against
degree-matched negatives. `AUC at the start`: that of text propagation, without training. {
        comparison if validated else ""
    } {_held_out(config["identity"]["train"])} The weights are those of step {config["report"].get("kept_step", 0):,},
which has the best mean AUC. Because the step is chosen on these pairs, their AUC is slightly optimistic. `generel-graph
evaluate` tests the model on later papers, with
baselines."""


def _held_out(train: Mapping[str, Any]) -> str:
    split, share = train.get("split", "pair"), f"{100 * train['held_out']:g}%"
    pairs = {
        "pair": f"{share} of all pairs of nodes",
        "locus": f"all pairs of SNPs in {share} of the loci (windows of 1 Mb and complete LD blocks)",
        "chromosome": f"all pairs of SNPs on chromosome {', '.join(train.get('held_chromosomes', ()))}",
        "concept": f"all pairs and names of {share} of the concepts",
    }[split]
    rest = "" if split == "pair" else f", and {share} of the pairs without such a node"
    return f"Held out: {pairs}{rest}; `held_out.parquet` lists them (task, anchor, positive, weight)."


def _free_text(config: Mapping[str, Any]) -> str:
    recall = config["report"].get("wordings") or {}
    if not recall:
        return ""
    methods = [method for method in SEARCH_METHODS if f"{method} @1" in recall]
    rows = [[SEARCH_METHODS[method], recall[f"{method} @1"], recall[f"{method} @10"]] for method in methods]
    return f"""## Unseen free text

Queries: {recall["asked"]:,.0f} synonyms of concepts of which no synonym was in the training data, searched among
{recall["among"]:,.0f} diseases, traits and phenotypes. Recall: the share of queries with the correct concept first, or
among the first ten.

{_table(("search method", "recall at 1", "recall at 10"), rows)}"""


def _effects(config: Mapping[str, Any]) -> str:
    calibrations = config.get("effects") or ()
    if not calibrations:
        return ""
    columns = ("effects", "pairs", "third", "predicted", "observed", "slope", "Spearman")
    rows = [
        [c["source"], c["pairs"], third, p, o, c["slope"], c["spearman"]]
        for c in calibrations
        for third, p, o in zip(("lowest", "middle", "highest"), c["predicted"], c["observed"], strict=True)
    ]
    return f"""## Effect sizes

`generel-graph score` predicts the |ln odds ratio| that studies would report for an SNP and a trait, if they are
associated. It does not predict whether they are associated, nor the direction of the effect. The prediction uses the
known effects of the SNP and of the trait.

{_table(columns, rows)}

Known effects by source, in thirds of the predicted value; geometric means of |ln odds ratio|. `slope`: of ln observed
on ln predicted, ideally 1. The effect of a pair is not in its predictors, and the regression weights come from other
SNPs. The figures are nevertheless optimistic: the predictors include the p-value of the pair and other reports on the
SNP and the trait, some from the same study, and only associations that were found are reported. Expect lower accuracy
for later
papers, for replications and for SNPs with few known effects."""


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

A task is drawn with probability proportional to c · √pairs, with these values of c: {weights}."""


def _limits(data: Mapping[str, Any]) -> str:
    total, groups = data.get("associations", 0), data.get("ancestries", ())
    text = "Associations depend on the participants: allele frequencies, LD and environments differ."
    if total:
        shares = ", ".join(f"{name} {count / total:.1%}" for name, count in groups)
        text += f"""
Of {total:,} associations, these shares come from studies with participants of each broad group (a study can have
several groups, so the sum can exceed 100%): {shares}. The model is most accurate for the groups that were studied
most."""
    return f"""## Limits

**Not for clinical use.** A high score is a reason for further investigation, not evidence of cause or risk. Known edges
of the graph contribute to it.

**Ancestry.** {text}

**Study bias.** Diseases, genes and loci that are studied much have more edges, more text and therefore better vectors.
An SNP represents its locus, and the reported SNP is often not the causal one. Nodes without studies have low scores."""


def _table(columns: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    lines = [columns, ["---"] * len(columns), *([_cell(v) for v in row] for row in rows)]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _cell(value: object) -> str:
    if value is None or value == "":
        return "–"
    if isinstance(value, int):
        return f"{value:,}"
    return f"{value:.3f}" if isinstance(value, float) else str(value).replace("|", "\\|")
