"""What a node's input is made of, declared: adding a block is one line of BLOCKS."""

from __future__ import annotations

from dataclasses import dataclass

# How kinds of node stand together: negatives, neighbourhoods and the one-hot flags go by these.
KIND_GROUPS: dict[str, str] = {
    "SNP": "snp",
    "Disease": "condition",
    "Trait": "condition",
    "Phenotype": "phenotype",
    "Gene": "gene",
    "Drug": "drug",
    "DrugClass": "drug",
}
OTHER_GROUP = "process"  # pathways, processes, components, anatomy, and what is of no known kind
GROUPS = ("snp", "condition", "phenotype", "gene", "drug", "process")
ONTOLOGY_TYPES = frozenset({"IS_A", "XREF", "SAME_AS"})
# Lists of neighbours that a node has: one for each group, and one for the ontology's own relations.
FAMILIES = ("ontology", *GROUPS)


@dataclass(frozen=True, slots=True)
class Block:
    """One vector of the encoder's dimension in a node's input.

    `text`: the node's own. `families`: weighted mean of those neighbours' texts.
    `through`: two hops, the weighted mean of what the neighbours of that family see (features.VIEWS).
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
    """One summand of the base: unit(sum of `blocks`), times a gate that starts at `gate`."""

    blocks: tuple[str, ...]
    gate: float


# Text propagation without training: where a tower starts, and the stored vector's half b.
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

# After the blocks: has neighbours and log count for each block but text, kind one-hot, three of effects.
NEIGHBOUR_FLAGS = 2 * (len(BLOCKS) - 1)
EFFECT_FLAGS = 3
FLAGS = NEIGHBOUR_FLAGS + len(GROUPS) + EFFECT_FLAGS


def group_of(kind: str) -> str:
    """The group that a kind of node belongs to."""
    return KIND_GROUPS.get(kind, OTHER_GROUP)


def tower_of(group: str) -> str:
    """The tower that nodes of a group go through."""
    return "snp" if group == "snp" else "concept"


def negative_kind(kind: str) -> str:
    """What an end's negatives have in common; Disease, Phenotype and Trait are one kind here."""
    return "Condition" if kind in ("Disease", "Phenotype", "Trait") else kind
