"""Training: from a corpus to a model folder, and from a model to the vectors of nodes, texts and SNPs."""

from generel_graph.learn.distributed import SINGLE_PROCESS, ProcessGroup, join_process_group
from generel_graph.learn.effects.score import EffectScore, fit_effects
from generel_graph.learn.effects.table import EffectTable, read_effects
from generel_graph.learn.features.neighbourhoods import Neighbourhoods, SnpQuery
from generel_graph.learn.features.new_snps import SnpNeighbourhood, snp_neighbourhood
from generel_graph.learn.model.model import Model, load_model
from generel_graph.learn.training.plot import LOSS_PLOTS, plot_losses
from generel_graph.learn.training.report import TrainReport
from generel_graph.learn.training.tensorboard import check_tensorboard, write_events
from generel_graph.learn.training.train import model_id, train

__all__ = [
    "LOSS_PLOTS",
    "SINGLE_PROCESS",
    "EffectScore",
    "EffectTable",
    "Model",
    "Neighbourhoods",
    "ProcessGroup",
    "SnpNeighbourhood",
    "SnpQuery",
    "TrainReport",
    "check_tensorboard",
    "fit_effects",
    "join_process_group",
    "load_model",
    "model_id",
    "plot_losses",
    "read_effects",
    "snp_neighbourhood",
    "train",
    "write_events",
]
