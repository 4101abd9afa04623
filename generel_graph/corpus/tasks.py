"""The training tasks: each is one Cypher file in `cypher/corpus/` and one line here.

The tasks of knowledge graphs share one file; each selects the pairs whose nodes have two kinds.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from generel_etl.errors import ConfigError
from generel_graph.config import TaskConfig


@dataclass(frozen=True, slots=True)
class Task:
    """One task: the anchor, positive, weight (and effect) that `cypher/corpus/<file>.cypher` returns."""

    name: str
    weight: float  # c; a task is drawn with probability proportional to c·√pairs
    weight_formula: str = "1"  # how the weight of a pair is computed
    text: bool = False  # its positives are texts, not nodes
    file: str = ""  # default: the name
    kinds: tuple[frozenset[str], frozenset[str]] | None = None  # of the two nodes, in either order; None: any
    composed: bool = False  # composed of the pairs of other tasks in training; it has no file

    @property
    def statement(self) -> str:
        """The name of the Cypher statement, for `Graph.frame`; "" for a composed task."""
        return "" if self.composed else f"corpus/{self.file or self.name}"


def _relations(name: str, one: frozenset[str], other: frozenset[str]) -> Task:
    return Task(name, 2.0, "curated 1, predicted .5, or the source's score", file="kg", kinds=(one, other))


DISEASE, PHENOTYPE = frozenset({"Disease", "Trait"}), frozenset({"Phenotype"})
GENE, DRUG, ANATOMY = frozenset({"Gene"}), frozenset({"Drug", "DrugClass"}), frozenset({"AnatomicalEntity"})
PROCESS = frozenset({"Pathway", "BiologicalProcess", "CellularComponent", "MolecularActivity"})
BY_P = "x / (x + 7.3), x = −log10 p"

TASKS: tuple[Task, ...] = (
    Task("synonym", 1.0, text=True),
    Task("equivalence", 1.0, text=True),
    Task("hierarchy", 1.0),
    Task("gwas", 12.0, f"{BY_P}; largest of a study, 1 − Π(1 − w) over studies"),
    Task("phewas", 3.0, "z / (z + 5.45), z = |ln odds ratio| / standard error"),
    Task("eqtl", 1.0, f"{BY_P}; largest of the tissues"),
    Task("ld", 1.0, "r²"),
    Task("snp_gene", 1.0),
    Task("gene_trait", 2.0, "largest gwas weight of the SNPs that link them", composed=True),
    _relations("drug_disease", DRUG, DISEASE),
    _relations("drug_phenotype", DRUG, PHENOTYPE),
    _relations("drug_gene", DRUG, GENE),
    _relations("drug_drug", DRUG, DRUG),
    _relations("gene_disease", GENE, DISEASE),
    _relations("gene_phenotype", GENE, PHENOTYPE),
    _relations("gene_gene", GENE, GENE),
    _relations("gene_process", GENE, PROCESS),
    _relations("gene_anatomy", GENE, ANATOMY),
    _relations("disease_phenotype", DISEASE, PHENOTYPE),
    _relations("disease_disease", DISEASE, DISEASE),
    _relations("disease_anatomy", DISEASE, ANATOMY),
    Task("co_occurrence", 1.0, "ppmi / (ppmi + 1) of the shrunken count"),
)


def enabled_tasks(configured: Mapping[str, TaskConfig]) -> dict[str, float]:
    """The enabled tasks and their draw weights, in the order of the registry.

    Raises ConfigError for an unknown task, or if no task is enabled.
    """
    names = [task.name for task in TASKS]
    for name in configured:
        if name not in names:
            raise ConfigError("no such task", where="tasks", found=name, valid=names)
    weights = {}
    for task in TASKS:
        settings = configured.get(task.name, TaskConfig())
        if settings.enabled:
            weights[task.name] = task.weight if settings.weight < 0 else settings.weight
    if not weights:
        raise ConfigError("no task is enabled", where="tasks", valid=names)
    return weights
