"""The declaration of a node's input: its blocks and flags. A new block is one line of BLOCKS."""

from __future__ import annotations

from dataclasses import dataclass

# The groups of node kinds. Neighbourhoods and the one-hot flags use these groups.
KIND_GROUPS: dict[str, str] = {
    "SNP": "snp",
    "Disease": "condition",
    "Trait": "condition",
    "Phenotype": "phenotype",
    "Gene": "gene",
    "Drug": "drug",
    "DrugClass": "drug",
}
OTHER_GROUP = "process"  # pathways, processes, components, anatomy, and unknown kinds
GROUPS = ("snp", "condition", "phenotype", "gene", "drug", "process")
ONTOLOGY_TYPES = frozenset({"IS_A", "XREF", "SAME_AS"})
# The neighbour lists of a node: one for the relations within ontologies, and one for each group.
FAMILIES = ("ontology", *GROUPS)


@dataclass(frozen=True, slots=True)
class Block:
    """One vector, of the encoder's dimension, in the input of a node.

    `text`: the node's own text. `families`: the weighted mean of the texts of these neighbours. `through`: two hops,
    the weighted mean of the views (`features.VIEWS`) of the neighbours of that family.
    """

    name: str
    families: tuple[str, ...] = ()
    through: str = ""
    text: bool = False


BLOCKS: tuple[Block, ...] = (
    Block("text", text=True),
    Block("ontology", families=("ontology",)),
    Block("condition", families=("condition",)),
    Block("phenotype", families=("phenotype",)),
    Block("gene", families=("gene",)),
    Block("drug", families=("drug",)),
    Block("process", families=("process",)),
    Block("snp_context", through="snp"),
    Block("gene_context", through="gene"),
)
BLOCK_NAMES = tuple(block.name for block in BLOCKS)


@dataclass(frozen=True, slots=True)
class BlockTerm:
    """One summand of text propagation: unit(sum of `blocks`), times a gate whose initial value is `gate`."""

    blocks: tuple[str, ...]
    gate: float


# Text propagation: the initial output of a tower, and the part b of the stored vector.
BASES: dict[str, tuple[BlockTerm, ...]] = {
    "snp": (
        BlockTerm(("condition", "phenotype"), 1.0),
        BlockTerm(("gene",), 0.5),
        BlockTerm(("gene_context",), 0.5),
        BlockTerm(("snp_context",), 0.5),
    ),
    "concept": (
        BlockTerm(("text",), 1.0),
        BlockTerm(("ontology",), 0.3),
        BlockTerm(("condition",), 0.3),
        BlockTerm(("phenotype",), 0.3),
        BlockTerm(("gene",), 0.3),
        BlockTerm(("drug",), 0.3),
        BlockTerm(("process",), 0.3),
        BlockTerm(("snp_context",), 0.3),
        BlockTerm(("gene_context",), 0.0),
    ),
}
TOWERS = tuple(BASES)

# The flags follow the blocks: for each block but text, whether it has neighbours and their log count; the one-hot
# group; three effect flags.
NEIGHBOUR_FLAGS = 2 * (len(BLOCKS) - 1)
EFFECT_FLAGS = 3
FLAGS = NEIGHBOUR_FLAGS + len(GROUPS) + EFFECT_FLAGS


def group_of(kind: str) -> str:
    """The group of a node kind."""
    return KIND_GROUPS.get(kind, OTHER_GROUP)


def tower_of(group: str) -> str:
    """The tower of a group's nodes."""
    return "snp" if group == "snp" else "concept"


def negative_kind(kind: str) -> str:
    """The kind that a node shares with its negatives: Disease, Phenotype and Trait are one kind."""
    return "Condition" if kind in ("Disease", "Phenotype", "Trait") else kind
