"""Learning: a corpus in, a model's folder out; and the vectors that a model gives."""

from generel_graph.learn.around import Local, around
from generel_graph.learn.effect_table import EffectTable, read_effects
from generel_graph.learn.effects import EffectScore, fit_effects
from generel_graph.learn.events import check_tensorboard, write_events
from generel_graph.learn.model import Model, load_model
from generel_graph.learn.plot import PICTURES, can_plot, plot_losses
from generel_graph.learn.report import TaskReport, TrainReport
from generel_graph.learn.surroundings import Asked, Surroundings
from generel_graph.learn.train import model_id, train
from generel_graph.learn.world import ALONE, World, joined
from generel_graph.stored import question

__all__ = [
    "ALONE",
    "PICTURES",
    "Asked",
    "EffectScore",
    "EffectTable",
    "Local",
    "Model",
    "Surroundings",
    "TaskReport",
    "TrainReport",
    "World",
    "around",
    "can_plot",
    "check_tensorboard",
    "fit_effects",
    "joined",
    "load_model",
    "model_id",
    "plot_losses",
    "question",
    "read_effects",
    "train",
    "write_events",
]
