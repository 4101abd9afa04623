"""The effect score in a model folder, for known and unknown ids.

`effects.parquet` lists the nodes that it uses, with their reports; `effects.safetensors` holds its arrays, which refer
to nodes by their row number in that list. Only traits with known effects have vectors (float16).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import torch
from numpy.typing import NDArray
from safetensors import SafetensorError
from safetensors.numpy import load_file, save

from generel_etl.atomic import atomic_file, write_atomically
from generel_etl.errors import ModelError
from generel_graph.corpus.schema import Corpus
from generel_graph.learn.effects.calibration import calibrate
from generel_graph.learn.effects.score import EffectScore, Ids, KnownEffects, Ridge, Values, fit_effects
from generel_graph.learn.features.features import Features
from generel_graph.learn.model.towers import TowerShape, text_propagation

NODES, ARRAYS = "effects.parquet", "effects.safetensors"
CHUNK = 2_048
RIDGE = tuple(field.name for field in fields(Ridge))


@dataclass(frozen=True, slots=True)
class EffectTable:
    """An effect score over the nodes with known data; one last row without data represents all other nodes."""

    rows: Mapping[str, int]  # row number of each id
    score: EffectScore

    def expected(
        self, pairs: Sequence[tuple[str, str]], vectors: Mapping[str, NDArray[np.floating]]
    ) -> tuple[Values, Values]:
        """The expected |ln odds ratio| of pairs of an SNP and a trait, [p], and their percentiles among known effects.

        `vectors`: text propagation of the traits, [d] of unit length. The prediction for an unknown SNP uses only the
        trait, and that for an unknown trait only the SNP.
        """
        trait_numbers = {trait: number for number, trait in enumerate(dict.fromkeys(trait for _, trait in pairs))}
        trait_vectors = np.stack([vectors[trait] for trait in trait_numbers]).astype(np.float16)
        unknown = len(self.rows)
        snp_rows = np.array([self.rows.get(snp, unknown) for snp, _ in pairs], dtype=np.int64)
        trait_rows = np.array([self.rows.get(trait, unknown) for trait in trait_numbers], dtype=np.int64)
        numbers = np.array([trait_numbers[trait] for _, trait in pairs], dtype=np.int64)
        effects = self.score.score(snp_rows, trait_rows[numbers], trait_vectors=trait_vectors[numbers])
        return effects, self.score.percentile(effects)


def fit_and_write_effects(corpus: Corpus, features: Features, shape: TowerShape, folder: Path) -> list[dict[str, Any]]:
    """Fit the effect score of a corpus, write it to `folder` and return its calibration as JSON values.

    `shape`: that of the concept tower. Writes nothing and returns [] if the corpus has too few known effects.
    """
    known, _ = KnownEffects.from_corpus(corpus)
    score = fit_effects(corpus, propagated_vectors(features, shape, np.unique(known.traits)))
    if score is None:
        return []
    write_effects(folder, score, corpus.nodes.ids)
    return [asdict(calibration) for calibration in calibrate(score)]


@torch.inference_mode()
def propagated_vectors(features: Features, shape: TowerShape, nodes: Ids) -> NDArray[np.float32]:
    """Text propagation of some nodes of one tower, in a table of all nodes, [n, d]; the other rows are zeros."""
    out = np.zeros((len(features.clusters), features.dimension), dtype=np.float32)
    for first in range(0, len(nodes), CHUNK):
        chunk = nodes[first : first + CHUNK]
        out[chunk] = text_propagation(features.rows(chunk, None, shape.blocks).float(), shape).numpy()
    return out


def write_effects(folder: Path, score: EffectScore, ids: Sequence[str]) -> None:
    """Write a score of the nodes `ids`; nodes without known data are left out."""
    n, known = len(ids), score.known
    traits = np.unique(known.traits)
    is_used = score.reports > 0
    is_used[known.snps] = is_used[traits] = True
    node, neighbour = np.divmod(score.trait_neighbours, max(n, 1))
    has_effects = np.isin(neighbour, traits)
    is_used[node[has_effects]] = True
    nodes = np.flatnonzero(is_used)
    row = np.full(n, -1, dtype=np.int64)
    row[nodes] = np.arange(len(nodes))
    rows = len(nodes) + 1
    arrays = {
        "known.snps": row[known.snps],
        "known.traits": row[known.traits],
        "known.sources": known.sources,
        "known.effects": known.effects,
        "beside": np.sort(row[node[has_effects]] * rows + row[neighbour[has_effects]]),
        "traits": row[traits],
        "vectors": score.vectors[traits].astype(np.float16),
        "means": score.means,
        **{f"ridge.{name}": getattr(score.ridge, name) for name in RIDGE},
    }
    columns = {
        "id": [ids[i] for i in nodes.tolist()],
        "strongest": score.strongest[nodes],
        "reports": score.reports[nodes],
    }
    with atomic_file(folder / NODES) as new:
        pl.DataFrame(columns).write_parquet(new)
    write_atomically(folder / ARRAYS, save({name: np.ascontiguousarray(array) for name, array in arrays.items()}))


def read_effects(folder: Path) -> EffectTable | None:
    """Read the effect score of a model folder; None if it has none. Raises ModelError for damaged files."""
    if not (folder / ARRAYS).is_file():
        return None
    try:
        nodes, arrays = pl.read_parquet(folder / NODES), load_file(folder / ARRAYS)
        vectors = np.zeros((len(nodes) + 1, arrays["vectors"].shape[1]), dtype=np.float16)
        vectors[arrays["traits"]] = arrays["vectors"]
        return EffectTable(
            rows={id_: row for row, id_ in enumerate(nodes["id"])},
            score=EffectScore(
                known=KnownEffects(*(arrays[f"known.{name}"] for name in ("snps", "traits", "sources", "effects"))),
                strongest=np.append(nodes["strongest"].to_numpy(), 0.0),
                reports=np.append(nodes["reports"].to_numpy(), 0.0),
                trait_neighbours=arrays["beside"],
                vectors=vectors,
                means=arrays["means"],
                ridge=Ridge(**{name: arrays[f"ridge.{name}"] for name in RIDGE}),
            ),
        )
    except (OSError, KeyError, IndexError, SafetensorError, pl.exceptions.PolarsError) as error:
        raise ModelError(
            "the effect score of the model cannot be read",
            where=folder / ARRAYS,
            found=str(error).splitlines()[0],
            next_step="delete the folder and run `generel-graph train`",
        ) from error
