"""The configuration: `generel.toml` and the `GENEREL_…` variables as one frozen value."""

from generel_graph.config.load import config_from_mapping, load_config
from generel_graph.config.sections import Config, ModelConfig, Neo4jConfig, TaskConfig, TrainConfig

__all__ = [
    "Config",
    "ModelConfig",
    "Neo4jConfig",
    "TaskConfig",
    "TrainConfig",
    "config_from_mapping",
    "load_config",
]
