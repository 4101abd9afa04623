"""The towers start at text propagation; input dropout drops complete blocks."""

import pytest
import torch
from torch.nn.functional import normalize

from generel_graph.learn.features.blocks import BASES, BLOCK_NAMES, BLOCKS, FLAGS, NEIGHBOUR_FLAGS
from generel_graph.learn.model.towers import TowerShape, input_dropout, make_towers, text_propagation

D = 8


def shape_of(tower, names=BLOCK_NAMES, dimension=D):
    return TowerShape(tower, tuple(b for b in BLOCKS if b.name in names), D, 16, dimension)


def inputs(shape, n=20, seed=0):
    blocks = torch.randn(n, len(shape.blocks), D, generator=torch.Generator().manual_seed(seed))
    blocks[3:9, 1] = 0  # some nodes lack a block
    x = torch.cat([(normalize(blocks, dim=-1) * D**0.5).flatten(1), torch.rand(n, FLAGS)], dim=1)
    return x, normalize(blocks, dim=-1)


@pytest.mark.parametrize("tower", ["snp", "concept"])
@pytest.mark.parametrize("names", [BLOCK_NAMES, ("text", "condition", "gene"), ("phenotype", "gene_context")])
def test_text_propagation_is_the_sum_of_its_terms(tower, names):
    shape = shape_of(tower, names)
    x, blocks = inputs(shape)
    block_names = [block.name for block in shape.blocks]
    expected = torch.zeros(len(x), D)
    for term in BASES[tower]:
        parts = [blocks[:, block_names.index(name)] for name in term.blocks if name in block_names]
        if parts:
            expected += term.gate * normalize(sum(parts), dim=-1)
    torch.testing.assert_close(text_propagation(x, shape), normalize(expected, dim=-1))


def test_training_starts_at_text_propagation():
    shapes = [shape_of("snp"), shape_of("concept")]
    towers = make_towers(shapes, 0.1, 0).eval()
    for shape in shapes:
        x, _ = inputs(shape)
        cosine = (towers[shape.tower](x) * text_propagation(x, shape)).sum(-1)
        assert cosine.min() > 0.99


def test_nodes_without_blocks_have_a_vector():
    towers = make_towers([shape_of("snp", ())], 0.1, 0).eval()
    z = towers["snp"](torch.rand(5, FLAGS))
    torch.testing.assert_close(z.norm(dim=1), torch.ones(5))


def test_output_dimension_may_differ_from_that_of_the_encoder():
    shape = shape_of("concept", dimension=5)
    towers = make_towers([shape], 0.1, 0)
    x, _ = inputs(shape)
    z = towers["concept"](x)
    assert z.shape == (20, 5)
    z.sum().backward()
    assert "concept.projection" in towers.state_dict()


@pytest.mark.parametrize("tower", ["snp", "concept"])
def test_input_dropout_drops_complete_blocks_but_not_texts(tower):
    shape = shape_of(tower)
    x, _ = inputs(shape, n=2000)
    before = x.clone()
    torch.manual_seed(0)
    out = input_dropout(x, shape, 0.2, 0.1)
    assert torch.equal(x, before)
    blocks, original = (v[:, : 9 * D].view(-1, 9, D) for v in (out, x))
    dropped = (blocks == 0).all(-1) & ~(original == 0).all(-1)
    assert torch.equal(blocks[~dropped], original[~dropped])
    assert not dropped[:, 0].any()
    share = dropped[10:, 2:].float().mean().item()
    assert share == pytest.approx(0.2 if tower == "snp" else 0.2 + 0.8 * 0.1, abs=0.02)
    flags, original_flags = out[:, 9 * D :], x[:, 9 * D :]
    groups = slice(NEIGHBOUR_FLAGS, NEIGHBOUR_FLAGS + 6)
    assert torch.equal(flags[:, groups], original_flags[:, groups])
    text_only = (flags[:, :NEIGHBOUR_FLAGS] == 0).all(1)
    assert text_only.float().mean().item() == pytest.approx(0.0 if tower == "snp" else 0.1, abs=0.03)
    assert torch.equal(flags[~text_only], original_flags[~text_only])
