"""The training corpus of the configured tasks, read from the graph once and cached."""

from __future__ import annotations

from dataclasses import replace

from generel_etl.errors import GraphError
from generel_etl.progress import Progress, silent
from generel_graph.config import Config
from generel_graph.corpus.cache import read_cached, write_cache
from generel_graph.corpus.provenance import read_provenance
from generel_graph.corpus.read import corpus_name, read_corpus
from generel_graph.corpus.schema import Corpus
from generel_graph.corpus.tasks import enabled_tasks
from generel_graph.graph import Graph
from generel_graph.graph.digest import graph_digest


def load_corpus(graph: Graph, config: Config, digest: str, progress: Progress = silent) -> Corpus:
    """Read what is trained on, with the configured tasks and cut-off date; of one graph it is read once.

    Its provenance is what the graph says now: a licence may be put right without new data.
    `digest` is the graph's. Raises GraphError if the graph is another one when all is read.
    """
    tasks, before = enabled_tasks(config.tasks), config.train.published_before
    kept = read_cached(config.sampled_folder, corpus_name(digest, tasks, before))
    if kept is not None:
        return replace(kept, provenance=read_provenance(graph, before))
    corpus = read_corpus(graph, digest, tasks, before, progress)
    if (now := graph_digest(graph) or "") != digest:
        raise GraphError(
            "the graph changed while it was read",
            where=graph.uri,
            found=now,
            valid=[digest],
            next_step="run the command again when the other sync is done",
        )
    write_cache(config.sampled_folder, corpus, digest)
    return replace(corpus, provenance=read_provenance(graph, before))
