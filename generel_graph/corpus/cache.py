"""Cache of corpora on disk: each graph is read once, into Arrow files that later runs map into memory.

The name of a corpus is a digest of its graph, the cut-off date, the tasks and their Cypher statements, so a cached
corpus is never stale. Writing a corpus removes the cached corpora of other graphs.
"""

from __future__ import annotations

import json
import shutil
from dataclasses import fields
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pyarrow as pa

from generel_etl.atomic import atomic_folder
from generel_graph.corpus.schema import Corpus, EdgeArrays, Nodes, Pairs

FORMAT = 1
MANIFEST = "corpus.json"
NODES, EDGES = "nodes.arrow", "edges.arrow"


def read_cached(folder: Path, name: str) -> Corpus | None:
    """The cached corpus of digest `name`, with memory-mapped arrays; None if `folder` has no such corpus."""
    path = folder / name
    try:
        manifest = json.loads((path / MANIFEST).read_text(encoding="utf-8"))
    except (FileNotFoundError, json.JSONDecodeError):
        return None
    if manifest["format"] != FORMAT:
        return None
    nodes, edges = _read(path / NODES), _read(path / EDGES)
    text_columns = ("ids", "kinds", "texts", "chromosomes", "builds")
    return Corpus(
        digest=name,
        nodes=Nodes(
            synonyms=tuple(map(tuple, nodes["synonyms"].to_list())),
            clusters=nodes["clusters"].to_numpy(),
            positions=nodes["positions"].to_numpy(),
            **{column: tuple(nodes[column]) for column in text_columns},
        ),
        edges=EdgeArrays(
            types=tuple(manifest["types"]), **{column: edges[column].to_numpy() for column in edges.columns}
        ),
        tasks={task: _pairs(path, number, manifest) for number, task in enumerate(manifest["tasks"])},
        sampling=manifest["sampling"],
    )


def read_cached_nodes(folder: Path, name: str) -> pl.DataFrame | None:
    """The nodes of a cached corpus, memory-mapped, with the columns of `Nodes`; None if it is not cached."""
    if not (folder / name / MANIFEST).is_file():
        return None
    return _read(folder / name / NODES)


def write_cache(folder: Path, corpus: Corpus, graph_digest: str) -> None:
    """Cache a corpus unless it is cached already, and remove the corpora of other graphs."""
    path = folder / corpus.digest
    if (path / MANIFEST).is_file():
        return
    _remove_other_graphs(folder, graph_digest)
    with atomic_folder(path) as new:
        nodes = corpus.nodes
        _write(new / NODES, {f.name: getattr(nodes, f.name) for f in fields(nodes)}, synonyms=pl.List(pl.String))
        columns = [f.name for f in fields(EdgeArrays) if f.name != "types"]
        _write(new / EDGES, {name: getattr(corpus.edges, name) for name in columns})
        for number, pairs in enumerate(corpus.tasks.values()):
            names = [f.name for f in fields(Pairs) if f.name != "texts"]
            _write(new / f"pairs_{number}.arrow", {name: getattr(pairs, name) for name in names})
            if pairs.texts:
                _write(new / f"texts_{number}.arrow", {"text": pairs.texts})
        manifest = {
            "format": FORMAT,
            "graph": graph_digest,
            "sampling": corpus.sampling,
            "types": corpus.edges.types,
            "tasks": list(corpus.tasks),
        }
        (new / MANIFEST).write_text(json.dumps(manifest, indent=1), encoding="utf-8")


def _pairs(path: Path, number: int, manifest: dict[str, Any]) -> Pairs:
    frame = _read(path / f"pairs_{number}.arrow")
    texts_path = path / f"texts_{number}.arrow"
    texts = tuple(_read(texts_path)["text"]) if texts_path.is_file() else ()
    return Pairs(texts=texts, **{name: frame[name].to_numpy() for name in frame.columns})


def _read(path: Path) -> pl.DataFrame:
    with pa.memory_map(str(path)) as mapped:
        frame = pl.from_arrow(pa.ipc.open_file(mapped).read_all())
    assert isinstance(frame, pl.DataFrame)
    return frame


def _write(path: Path, columns: dict[str, Any], **types: Any) -> None:
    frame = pl.DataFrame(
        {
            name: pl.Series(name, values if isinstance(values, np.ndarray) else list(values), dtype=types.get(name))
            for name, values in columns.items()
        }
    )
    # Compressed files cannot be memory-mapped. Every Arrow reader supports the oldest compatibility level.
    frame.write_ipc(path, compression="uncompressed", compat_level=pl.CompatLevel.oldest())


def _remove_other_graphs(folder: Path, graph_digest: str) -> None:
    """Remove the corpora that were not read from the graph of this digest."""
    for manifest in folder.glob(f"*/{MANIFEST}"):
        if json.loads(manifest.read_text(encoding="utf-8")).get("graph") != graph_digest:
            shutil.rmtree(manifest.parent, ignore_errors=True)
