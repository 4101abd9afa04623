"""Towers start at text propagation; what input dropout hides."""

import pytest
import torch
from torch.nn.functional import normalize

from generel_graph.learn.features.blocks import BASES, BLOCK_NAMES, BLOCKS, FLAGS, NEIGHBOUR_FLAGS
from generel_graph.learn.model.towers import TowerShape, base, hide, make_towers

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
def test_the_base_is_the_sum_of_its_terms(tower, names):
    shape = shape_of(tower, names)
    x, blocks = inputs(shape)
    found = [block.name for block in shape.blocks]
    expected = torch.zeros(len(x), D)
    for term in BASES[tower]:
        parts = [blocks[:, found.index(name)] for name in term.blocks if name in found]
        if parts:
            expected += term.gate * normalize(sum(parts), dim=-1)
    torch.testing.assert_close(base(x, shape), normalize(expected, dim=-1))


def test_training_starts_at_text_propagation():
    shapes = [shape_of("snp"), shape_of("concept")]
    towers = make_towers(shapes, 0.1, 0).eval()
    for shape in shapes:
        x, _ = inputs(shape)
        cosine = (towers[shape.tower](x) * base(x, shape)).sum(-1)
        assert cosine.min() > 0.99


def test_nodes_without_any_block_have_a_vector():
    towers = make_towers([shape_of("snp", ())], 0.1, 0).eval()
    z = towers["snp"](torch.rand(5, FLAGS))
    torch.testing.assert_close(z.norm(dim=1), torch.ones(5))


def test_another_dimension_than_the_encoders():
    shape = shape_of("concept", dimension=5)
    towers = make_towers([shape], 0.1, 0)
    x, _ = inputs(shape)
    z = towers["concept"](x)
    assert z.shape == (20, 5)
    z.sum().backward()
    assert "concept.projection" in towers.state_dict()


@pytest.mark.parametrize("tower", ["snp", "concept"])
def test_hidden_blocks_are_whole_and_texts_stay(tower):
    shape = shape_of(tower)
    x, _ = inputs(shape, n=2000)
    before = x.clone()
    torch.manual_seed(0)
    out = hide(x, shape, 0.2, 0.1)
    assert torch.equal(x, before)
    blocks, were = (v[:, : 9 * D].view(-1, 9, D) for v in (out, x))
    gone = (blocks == 0).all(-1) & ~(were == 0).all(-1)
    assert torch.equal(blocks[~gone], were[~gone])
    assert not gone[:, 0].any()
    share = gone[10:, 2:].float().mean().item()
    assert share == pytest.approx(0.2 if tower == "snp" else 0.2 + 0.8 * 0.1, abs=0.02)
    flags, had = out[:, 9 * D :], x[:, 9 * D :]
    kinds = slice(NEIGHBOUR_FLAGS, NEIGHBOUR_FLAGS + 6)
    assert torch.equal(flags[:, kinds], had[:, kinds])
    silent = (flags[:, :NEIGHBOUR_FLAGS] == 0).all(1)
    assert silent.float().mean().item() == pytest.approx(0.0 if tower == "snp" else 0.1, abs=0.03)
    assert torch.equal(flags[~silent], had[~silent])
