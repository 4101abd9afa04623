"""The cache of vectors: whole parts, killed writers, damaged files."""

import numpy as np
import pytest

from generel_graph.encode.cache import MERGE_PARTS, VectorStore, text_keys


def vectors(n, seed=0):
    return np.random.default_rng(seed).normal(size=(n, 4)).astype(np.float16)


def test_gives_back_what_was_added(tmp_path):
    store = VectorStore(tmp_path, 4)
    keys, rows = text_keys([f"text {i}" for i in range(50)]), vectors(50)
    store.add(keys, rows)
    for again in (store, VectorStore(tmp_path, 4)):
        known, found = again.find(text_keys(["text 7", "no such", "text 3", ""]))
        assert known.tolist() == [True, False, True, False]
        np.testing.assert_array_equal(found, rows[[7, 3]])


def test_an_empty_store_knows_nothing(tmp_path):
    known, found = VectorStore(tmp_path / "new", 4).find(text_keys(["a", "b"]))
    assert not known.any()
    assert found.shape == (0, 4)


def test_many_parts_become_one(tmp_path):
    store = VectorStore(tmp_path, 4)
    rows = vectors(MERGE_PARTS + 5)
    for i in range(len(rows)):
        store.add(text_keys([f"text {i}"]), rows[i : i + 1])
    assert len(list(tmp_path.glob("*.safetensors"))) <= 6
    known, found = VectorStore(tmp_path, 4).find(text_keys([f"text {i}" for i in range(len(rows))]))
    assert known.all()
    np.testing.assert_array_equal(found, rows)


def test_sees_what_another_process_adds(tmp_path):
    one, two = VectorStore(tmp_path, 4), VectorStore(tmp_path, 4)
    one.add(text_keys(["a"]), vectors(1))
    two.add(text_keys(["b"]), vectors(1, 1))
    assert two.find(text_keys(["a", "b"]))[0].all()


@pytest.mark.parametrize("left", [0, 20, 200])
def test_a_damaged_part_is_put_aside(tmp_path, left):
    store = VectorStore(tmp_path, 4)
    store.add(text_keys(["a", "b"]), vectors(2))
    [part] = tmp_path.glob("*.safetensors")
    part.write_bytes(part.read_bytes()[: min(left, part.stat().st_size - 1)])
    again = VectorStore(tmp_path, 4)
    assert not again.find(text_keys(["a"]))[0].any()
    assert not list(tmp_path.glob("*.safetensors"))


def test_what_a_killed_writer_left_is_not_read(tmp_path):
    (tmp_path / ".0123.safetensors.99.tmp").write_bytes(b"half")
    assert len(VectorStore(tmp_path, 4)) == 0
