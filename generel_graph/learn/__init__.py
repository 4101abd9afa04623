"""Learning: a corpus in, a model's folder out; and the vectors that a model gives."""

from generel_graph.learn.distributed import ALONE, ProcessGroup, joined
from generel_graph.learn.effects.score import EffectScore, fit_effects
from generel_graph.learn.effects.table import EffectTable, read_effects
from generel_graph.learn.features.neighbourhoods import SnpQuery, Surroundings
from generel_graph.learn.features.new_snps import SnpNeighbourhood, around
from generel_graph.learn.model.model import Model, load_model
from generel_graph.learn.training.plot import PICTURES, can_plot, plot_losses
from generel_graph.learn.training.report import TrainReport
from generel_graph.learn.training.tensorboard import check_tensorboard, write_events
from generel_graph.learn.training.train import model_id, train

__all__ = [
    "ALONE",
    "PICTURES",
    "EffectScore",
    "EffectTable",
    "Model",
    "ProcessGroup",
    "SnpNeighbourhood",
    "SnpQuery",
    "Surroundings",
    "TrainReport",
    "around",
    "can_plot",
    "check_tensorboard",
    "fit_effects",
    "joined",
    "load_model",
    "model_id",
    "plot_losses",
    "read_effects",
    "train",
    "write_events",
]
