"""Learning: a corpus in, a model's folder out; and the vectors that a model gives."""

from generel_graph.learn.inputs.around import Local, around
from generel_graph.learn.inputs.surroundings import Asked, Surroundings
from generel_graph.learn.loop.events import check_tensorboard, write_events
from generel_graph.learn.loop.plot import PICTURES, can_plot, plot_losses
from generel_graph.learn.loop.report import TaskReport, TrainReport
from generel_graph.learn.loop.train import model_id, train
from generel_graph.learn.loop.world import ALONE, World, joined
from generel_graph.learn.model import Model, load_model
from generel_graph.learn.sizes.effect_table import EffectTable, read_effects
from generel_graph.learn.sizes.effects import EffectScore, fit_effects
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
