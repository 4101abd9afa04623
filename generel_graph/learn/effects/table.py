"""The effect score in a model's folder: for ids that it knows and ids that it does not.

`effects.parquet` lists the nodes that it looks up, by place, with their reports; `effects.safetensors` holds the
arrays, whose ids are those places. Vectors are of traits with effects only, in float16.
"""

from __future__ import annotations

import io
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

from generel_etl.atomic import write_atomically
from generel_etl.errors import ModelError
from generel_graph.corpus.schema import Corpus
from generel_graph.learn.effects.calibration import calibrate
from generel_graph.learn.effects.score import EffectScore, Ids, KnownEffects, Ridge, Values, fit_effects
from generel_graph.learn.features.features import Features
from generel_graph.learn.model.towers import TowerShape, base

NODES, ARRAYS = "effects.parquet", "effects.safetensors"
CHUNK = 2_048
RIDGE = tuple(field.name for field in fields(Ridge))


@dataclass(frozen=True, slots=True)
class EffectTable:
    """An effect score over the nodes that it has something to say of; the last place is nobody's."""

    places: Mapping[str, int]
    score: EffectScore

    def expected(
        self, pairs: Sequence[tuple[str, str]], vectors: Mapping[str, NDArray[np.floating]]
    ) -> tuple[Values, Values]:
        """The expected |ln odds ratio| of pairs of an SNP and a trait, [p], and their percentiles among known ones.

        `vectors`: the untrained ones of the traits, [d] of unit length. Of an SNP or a trait that is not known, only
        the other tells something.
        """
        traits = {trait: row for row, trait in enumerate(dict.fromkeys(trait for _, trait in pairs))}
        table = np.stack([vectors[trait] for trait in traits]).astype(np.float16)
        nobody = len(self.places)
        snps = np.array([self.places.get(snp, nobody) for snp, _ in pairs], dtype=np.int64)
        places = np.array([self.places.get(trait, nobody) for trait in traits], dtype=np.int64)
        rows = np.array([traits[trait] for _, trait in pairs], dtype=np.int64)
        effects = self.score.score(snps, places[rows], asked=table[rows])
        return effects, self.score.percentile(effects)


def learn_effects(corpus: Corpus, features: Features, shape: TowerShape, folder: Path) -> list[dict[str, Any]]:
    """Fit the effect score of a corpus and write it; its calibration. Where too little is known there is none.

    `shape`: of the concepts' tower.
    """
    known, _ = KnownEffects.of(corpus)
    score = fit_effects(corpus, untrained(features, shape, np.unique(known.traits)))
    if score is None:
        return []
    write_effects(folder, score, corpus.nodes.ids)
    return [asdict(told) for told in calibrate(score)]


@torch.inference_mode()
def untrained(features: Features, shape: TowerShape, nodes: Ids) -> NDArray[np.float32]:
    """Text propagation of some concepts, in a table of all nodes, [n, d]; the others' rows are zeros."""
    out = np.zeros((len(features.clusters), features.dimension), dtype=np.float32)
    for at in range(0, len(nodes), CHUNK):
        some = nodes[at : at + CHUNK]
        out[some] = base(features.rows(some, None, shape.blocks).float(), shape).numpy()
    return out


def write_effects(folder: Path, score: EffectScore, ids: Sequence[str]) -> None:
    """Write a score whose places are those of `ids`; what it says nothing of is left out."""
    n, known = len(ids), score.known
    traits = np.unique(known.traits)
    keep = score.reports > 0
    keep[known.snps] = keep[traits] = True
    one, other = np.divmod(score.beside, max(n, 1))
    told = np.isin(other, traits)
    keep[one[told]] = True
    kept = np.flatnonzero(keep)
    place = np.full(n, -1, dtype=np.int64)
    place[kept] = np.arange(len(kept))
    many = len(kept) + 1
    arrays = {
        "known.snps": place[known.snps],
        "known.traits": place[known.traits],
        "known.sources": known.sources,
        "known.effects": known.effects,
        "beside": np.sort(place[one[told]] * many + place[other[told]]),
        "traits": place[traits],
        "vectors": score.vectors[traits].astype(np.float16),
        "means": score.means,
        **{f"ridge.{name}": getattr(score.ridge, name) for name in RIDGE},
    }
    table = io.BytesIO()
    columns = {
        "id": [ids[i] for i in kept.tolist()],
        "strongest": score.strongest[kept],
        "reports": score.reports[kept],
    }
    pl.DataFrame(columns).write_parquet(table)
    write_atomically(folder / NODES, table.getvalue())
    write_atomically(folder / ARRAYS, save({name: np.ascontiguousarray(array) for name, array in arrays.items()}))


def read_effects(folder: Path) -> EffectTable | None:
    """The effect score of a model's folder; None where it has none. Raises ModelError for files that do not fit."""
    if not (folder / ARRAYS).is_file():
        return None
    try:
        nodes, arrays = pl.read_parquet(folder / NODES), load_file(folder / ARRAYS)
        vectors = np.zeros((len(nodes) + 1, arrays["vectors"].shape[1]), dtype=np.float16)
        vectors[arrays["traits"]] = arrays["vectors"]
        return EffectTable(
            places={id_: place for place, id_ in enumerate(nodes["id"])},
            score=EffectScore(
                known=KnownEffects(*(arrays[f"known.{name}"] for name in ("snps", "traits", "sources", "effects"))),
                strongest=np.append(nodes["strongest"].to_numpy(), 0.0),
                reports=np.append(nodes["reports"].to_numpy(), 0.0),
                beside=arrays["beside"],
                vectors=vectors,
                means=arrays["means"],
                ridge=Ridge(**{name: arrays[f"ridge.{name}"] for name in RIDGE}),
            ),
        )
    except (OSError, KeyError, IndexError, SafetensorError, pl.exceptions.PolarsError) as error:
        raise ModelError(
            "the model's effects cannot be read",
            where=folder / ARRAYS,
            found=str(error).splitlines()[0],
            next_step="delete the folder and run `generel-graph train`",
        ) from error
