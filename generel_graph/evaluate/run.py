"""Run an evaluation: tests by date, each with a model of the data before it; or a file of pairs."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import date
from pathlib import Path

import numpy as np
import polars as pl

from generel_etl.errors import UsageError
from generel_etl.progress import Progress, silent
from generel_graph.ask.pinned_model import active
from generel_graph.ask.score import ENDPOINTS, read_pairs
from generel_graph.ask.score import score as score_pairs
from generel_graph.ask.space import Vector
from generel_graph.config import Config
from generel_graph.corpus.load import load_corpus
from generel_graph.corpus.reports import read_reports
from generel_graph.corpus.schema import Corpus, Reports, node_text
from generel_graph.evaluate.baselines import DEGREE_PRODUCT, FROZEN_TEXT, SPACE, TEXT_PROPAGATION, Embedded, methods
from generel_graph.evaluate.effects import cohort_test, later_effects, without_half
from generel_graph.evaluate.later import later_tests
from generel_graph.evaluate.pairs import pair_benchmarks
from generel_graph.evaluate.report import Benchmark, Scored, pool
from generel_graph.graph import Graph
from generel_graph.graph.digest import graph_digest
from generel_graph.graph.open import open_graph
from generel_graph.metrics import Values, cosines
from generel_graph.pipeline.train import open_encoder, train_model
from generel_graph.spaces.model_spaces import ModelSpaces
from generel_graph.stored_vectors import split_vectors

DRAWS = 200  # resamples of an interval


def evaluate_later(
    config: Config, years: Sequence[int], draws: int = DRAWS, progress: Progress = silent
) -> list[Benchmark]:
    """Test the reports of each year's papers with a model of the data before it; pool the years.

    One model per year is trained with the configured settings, or reused if it is trained already. The active model
    does not change. Raises UsageError for years without a report.
    """
    scored: list[Scored] = []
    reports_of_graph: dict[str, Reports] = {}  # by graph digest: the years of one graph share nodes and reports
    for done, year in enumerate(years):
        progress("evaluate", done, len(years), str(year))
        first, last = date(year, 1, 1), date(year + 1, 1, 1)
        # These models embed no free texts, so they need no adapter.
        before = replace(config, train=replace(config.train, published_before=first, adapter_steps=0))
        with open_graph(before, progress) as graph:
            digest = graph_digest(graph) or ""
            past = load_corpus(graph, before, digest, progress)
            if digest not in reports_of_graph:
                reports_of_graph = {digest: read_reports(graph, past.nodes, progress)}
        scored += _score_year(before, past, reports_of_graph[digest], first, last, progress)
    progress("evaluate", len(years), len(years))
    if not scored:
        raise UsageError("no paper of these years gives a pair to test", where="--years", found=list(years))
    return pool(scored, draws, config.train.seed)


def years_of(graph: Graph, many: int = 6) -> list[int]:
    """The last `many` years with a hundred dated reports or more; raises UsageError if there is none."""
    years = sorted(graph.row("evaluate/count_years")["years"])
    if not years:
        raise UsageError(
            "no year has a hundred dated reports", where=graph.uri, next_step="name the years, as --years 2010-2012"
        )
    return years[-many:]


def evaluate_pairs(config: Config, path: Path, draws: int = DRAWS, progress: Progress = silent) -> list[Benchmark]:
    """Test the active model on a tab-separated file of pairs: left, right, label or value, and optionally group.

    Raises DataError for an unreadable or incomplete file, ModelError or NotFoundError without a model.
    """
    pairs = read_pairs(path)
    with open_graph(config, progress) as graph:
        spaces = ModelSpaces(config, graph)
        scored = score_pairs(graph, spaces, pairs, progress).table
        scores = {SPACE: scored["cosine"].cast(pl.Float64).fill_null(np.nan).to_numpy()}
        scores |= _untrained_scores(graph, spaces, scored)
    return pair_benchmarks(path.stem, pairs, scores, where=path, draws=draws, seed=config.train.seed)


def _untrained_scores(graph: Graph, spaces: ModelSpaces, scored: pl.DataFrame) -> dict[str, Values]:
    """Scores of the pairs by the baselines: text propagation, frozen text, degree product."""
    endpoints = {side: list(zip(scored[side], scored[f"{side}_id"], strict=True)) for side in ENDPOINTS}
    ids = sorted({id_ for pairs in endpoints.values() for _, id_ in pairs if id_})
    vectors, learnt = spaces.vectors(ids)
    known = graph.row("evaluate/get_endpoints", ids=ids)
    names = dict(zip(known["id"], map(node_text, known["kind"], known["name"], known["description"]), strict=True))
    edges = dict(zip(known["id"], known["edges"], strict=True))
    texts = sorted({names.get(id_, "") if id_ else text or "" for pairs in endpoints.values() for text, id_ in pairs})
    encoded = dict(zip(texts, spaces(active(graph).id).encoder.encode(texts), strict=True))

    def text_vector(text: str | None, id_: str | None) -> Vector:
        words = names.get(id_, "") if id_ else text or ""
        return encoded[words] if words else np.zeros_like(encoded[words])

    frozen = {side: np.stack([text_vector(*pair) for pair in pairs]) for side, pairs in endpoints.items()}
    untrained = {
        side: np.stack([vectors[id_][learnt:] if id_ in vectors else text_vector(text, id_) for text, id_ in pairs])
        for side, pairs in endpoints.items()
    }
    degree = {
        side: np.log1p([edges.get(id_, 0) if id_ else 0 for _, id_ in pairs]) for side, pairs in endpoints.items()
    }
    left, right = ENDPOINTS
    return {
        TEXT_PROPAGATION: cosines(untrained[left], untrained[right]),
        FROZEN_TEXT: cosines(frozen[left], frozen[right]),
        DEGREE_PRODUCT: degree[left] * degree[right],
    }


def _score_year(
    config: Config, past: Corpus, reports: Reports, first: date, last: date, progress: Progress
) -> Iterator[Scored]:
    """The tests of one year with each method's scores."""
    from generel_graph.learn import fit_effects, load_model

    seed = config.train.seed
    shown, half = without_half(past, seed)
    tests = list(later_tests(shown, reports, first, last, seed))
    effect_tests = [*cohort_test(past, half, first), *later_effects(shown, reports, first, last)]
    if not tests and not effect_tests:
        return
    model_id = train_model(config, shown, progress)
    model, encoder = load_model(config.model_folder(model_id)), open_encoder(config)
    traits = np.unique(np.concatenate(shown.edge_clusters("ASSOCIATED_WITH", "CORRELATES_WITH")))
    tested = [side for test in [*tests, *effect_tests] for side in (test.left, test.right)]
    nodes = np.unique(np.concatenate([traits, *tested]))
    embedded = Embedded(nodes, model.vectors(shown, encoder, progress, only=nodes), model.learnt_dimension, model.share)
    score = methods(shown, embedded, encoder.encode(shown.nodes.texts), seed)
    for test in tests:
        yield Scored(test, {name: method(test.left, test.right) for name, method in score.items()})
    untrained = np.zeros((len(shown.nodes), encoder.dimension), dtype=np.float32)
    untrained[nodes] = split_vectors(embedded.stored, embedded.learnt_dimension)[1]
    effects = fit_effects(shown, untrained)
    if effects is None:
        return
    for test in effect_tests:
        pair = test.left, test.right
        source = "CORRELATES_WITH" if test.name.startswith("cohort") else "ASSOCIATED_WITH"
        yield Scored(
            test,
            {
                "effect score": effects.score(*pair, source=source),
                "largest known": effects.largest(*pair),
                **{name: score[name](*pair) for name in (SPACE, TEXT_PROPAGATION, DEGREE_PRODUCT)},
            },
        )
