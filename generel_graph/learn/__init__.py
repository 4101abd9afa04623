"""Learning: a corpus in, a model's folder out; and the vectors that a model gives."""

from generel_graph.learn.around import Local, around
from generel_graph.learn.effects import EffectScore, fit_effects
from generel_graph.learn.model import Model, load_model
from generel_graph.learn.surroundings import Asked, Surroundings
from generel_graph.learn.train import TaskReport, TrainReport, model_id, train
from generel_graph.stored import question

__all__ = [
    "Asked",
    "EffectScore",
    "Local",
    "Model",
    "Surroundings",
    "TaskReport",
    "TrainReport",
    "around",
    "fit_effects",
    "load_model",
    "model_id",
    "question",
    "train",
]
