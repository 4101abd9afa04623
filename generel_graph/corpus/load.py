"""Load the training corpus of the configured tasks, from the cache or from the graph."""

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
    """Load the corpus of the configured tasks and cut-off date; each graph is read once.

    The provenance is read again each time, because a licence can be corrected without new data. `digest` is that of the
    graph. Raises GraphError if the graph changes while it is read.
    """
    tasks, before = enabled_tasks(config.tasks), config.train.published_before
    cached = read_cached(config.sampled_folder, corpus_name(digest, tasks, before))
    if cached is not None:
        return replace(cached, provenance=read_provenance(graph, before))
    corpus = read_corpus(graph, digest, tasks, before, progress)
    if (digest_after := graph_digest(graph) or "") != digest:
        raise GraphError(
            "the graph changed while it was read",
            where=graph.uri,
            found=digest_after,
            valid=[digest],
            next_step="wait for the other sync to finish, then run the command again",
        )
    write_cache(config.sampled_folder, corpus, digest)
    return replace(corpus, provenance=read_provenance(graph, before))
