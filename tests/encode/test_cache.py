"""The cache of text vectors: parts, merging, other processes, killed writers and damaged files."""

import numpy as np
import pytest

from generel_graph.encode.cache import MERGE_PARTS, VectorStore, text_keys


def vectors(n, seed=0):
    return np.random.default_rng(seed).normal(size=(n, 4)).astype(np.float16)


def test_added_vectors_are_found(tmp_path):
    store = VectorStore(tmp_path, 4)
    keys, rows = text_keys([f"text {i}" for i in range(50)]), vectors(50)
    store.add(keys, rows)
    for opened in (store, VectorStore(tmp_path, 4)):
        is_cached, cached = opened.find(text_keys(["text 7", "no such", "text 3", ""]))
        assert is_cached.tolist() == [True, False, True, False]
        np.testing.assert_array_equal(cached, rows[[7, 3]])


def test_empty_store_finds_nothing(tmp_path):
    is_cached, cached = VectorStore(tmp_path / "new", 4).find(text_keys(["a", "b"]))
    assert not is_cached.any()
    assert cached.shape == (0, 4)


def test_many_parts_are_merged(tmp_path):
    store = VectorStore(tmp_path, 4)
    rows = vectors(MERGE_PARTS + 5)
    for i in range(len(rows)):
        store.add(text_keys([f"text {i}"]), rows[i : i + 1])
    assert len(list(tmp_path.glob("*.safetensors"))) <= 6
    is_cached, cached = VectorStore(tmp_path, 4).find(text_keys([f"text {i}" for i in range(len(rows))]))
    assert is_cached.all()
    np.testing.assert_array_equal(cached, rows)


def test_parts_of_another_process_are_read(tmp_path):
    one, two = VectorStore(tmp_path, 4), VectorStore(tmp_path, 4)
    one.add(text_keys(["a"]), vectors(1))
    two.add(text_keys(["b"]), vectors(1, 1))
    assert two.find(text_keys(["a", "b"]))[0].all()


@pytest.mark.parametrize("size", [0, 20, 200])
def test_damaged_part_is_renamed_and_ignored(tmp_path, size):
    store = VectorStore(tmp_path, 4)
    store.add(text_keys(["a", "b"]), vectors(2))
    [part] = tmp_path.glob("*.safetensors")
    part.write_bytes(part.read_bytes()[: min(size, part.stat().st_size - 1)])
    reopened = VectorStore(tmp_path, 4)
    assert not reopened.find(text_keys(["a"]))[0].any()
    assert not list(tmp_path.glob("*.safetensors"))


def test_unfinished_file_of_a_killed_writer_is_ignored(tmp_path):
    (tmp_path / ".0123.safetensors.99.tmp").write_bytes(b"half")
    assert len(VectorStore(tmp_path, 4)) == 0
