"""The judging of what was learnt: rolling tests by date, each with a model of what came before; files of pairs."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import date
from pathlib import Path

import numpy as np
import polars as pl

from generel_etl.errors import UsageError
from generel_etl.progress import Progress, silent
from generel_graph.ask import ENDS, active, read_pairs
from generel_graph.ask import score as score_pairs
from generel_graph.ask.space import Vector
from generel_graph.config import Config
from generel_graph.corpus.load import load_corpus
from generel_graph.corpus.reports import read_reports
from generel_graph.corpus.schema import Corpus, Reports, node_text
from generel_graph.evaluate.baselines import SPACE, Embedded, methods
from generel_graph.evaluate.effects import cohort_test, later_effects, without_half
from generel_graph.evaluate.later import later_tests
from generel_graph.evaluate.pairs import pair_benchmarks
from generel_graph.evaluate.report import Benchmark, Scored, pool
from generel_graph.graph import Graph
from generel_graph.graph.digest import graph_digest
from generel_graph.graph.open import open_graph
from generel_graph.metrics import Values, cosines
from generel_graph.pipeline.train import open_encoder, train_model
from generel_graph.spaces.spaces import ModelSpaces
from generel_graph.stored_vectors import split

DRAWS = 200  # resamples of an interval


def evaluate_later(
    config: Config, years: Sequence[int], draws: int = DRAWS, progress: Progress = silent
) -> list[Benchmark]:
    """Test what the papers of each year report by a model of what came before it; the years pooled.

    A model is trained for each year (or found trained) with the configured recipe; the graph's own is not touched.
    Raises UsageError for years without a report.
    """
    scored: list[Scored] = []
    of_graph: dict[str, Reports] = {}  # by digest: the years of one graph share its nodes, and so its reports
    for done, year in enumerate(years):
        progress("evaluate", done, len(years), str(year))
        first, last = date(year, 1, 1), date(year + 1, 1, 1)
        # These models place no texts.
        before = replace(config, train=replace(config.train, published_before=first, adapter_steps=0))
        with open_graph(before, progress) as graph:
            digest = graph_digest(graph) or ""
            past = load_corpus(graph, before, digest, progress)
            if digest not in of_graph:
                of_graph = {digest: read_reports(graph, past.nodes, progress)}
        scored += _score(before, past, of_graph[digest], first, last, progress)
    progress("evaluate", len(years), len(years))
    if not scored:
        raise UsageError("no paper of these years gives a pair to test", where="--years", found=list(years))
    return pool(scored, draws, config.train.seed)


def years_of(graph: Graph, many: int = 6) -> list[int]:
    """The last `many` years that a hundred of the graph's reports or more are of; raises UsageError for none."""
    years = sorted(graph.row("evaluate/count_years")["years"])
    if not years:
        raise UsageError(
            "no year has a hundred dated reports", where=graph.uri, next_step="name the years, as --years 2010-2012"
        )
    return years[-many:]


def evaluate_pairs(config: Config, path: Path, draws: int = DRAWS, progress: Progress = silent) -> list[Benchmark]:
    """Test the active model on a tab-separated file of pairs: left, right, and label or value (group).

    Raises DataError for a file that is none, ModelError or NotFoundError where there is no model.
    """
    pairs = read_pairs(path)
    with open_graph(config, progress) as graph:
        spaces = ModelSpaces(config, graph)
        scored = score_pairs(graph, spaces, pairs, progress)
        scores = {SPACE: scored["cosine"].cast(pl.Float64).fill_null(np.nan).to_numpy()}
        scores |= _untrained(graph, spaces, scored)
    return pair_benchmarks(path.stem, pairs, scores, where=path, draws=draws, seed=config.train.seed)


def _untrained(graph: Graph, spaces: ModelSpaces, scored: pl.DataFrame) -> dict[str, Values]:
    """What needs no training, for scored pairs: text propagation, frozen text, degree product."""
    ends = {side: list(zip(scored[side], scored[f"{side}_id"], strict=True)) for side in ENDS}
    ids = sorted({id_ for some in ends.values() for _, id_ in some if id_})
    vectors, learnt = spaces.vectors(ids)
    known = graph.row("evaluate/get_endpoints", ids=ids)
    names = dict(zip(known["id"], map(node_text, known["kind"], known["name"], known["description"]), strict=True))
    edges = dict(zip(known["id"], known["edges"], strict=True))
    texts = sorted({names.get(id_, "") if id_ else text or "" for some in ends.values() for text, id_ in some})
    encoded = dict(zip(texts, spaces(active(graph).id).encoder.encode(texts), strict=True))

    def own(text: str | None, id_: str | None) -> Vector:
        words = names.get(id_, "") if id_ else text or ""
        return encoded[words] if words else np.zeros_like(encoded[words])

    frozen = {side: np.stack([own(*end) for end in some]) for side, some in ends.items()}
    untrained = {
        side: np.stack([vectors[id_][learnt:] if id_ in vectors else own(text, id_) for text, id_ in some])
        for side, some in ends.items()
    }
    degree = {side: np.log1p([edges.get(id_, 0) if id_ else 0 for _, id_ in some]) for side, some in ends.items()}
    left, right = ENDS
    return {
        "text propagation": cosines(untrained[left], untrained[right]),
        "frozen text": cosines(frozen[left], frozen[right]),
        "degree product": degree[left] * degree[right],
    }


def _score(
    config: Config, past: Corpus, reports: Reports, first: date, last: date, progress: Progress
) -> Iterator[Scored]:
    """The tests of one period with each method's scores."""
    from generel_graph.learn import fit_effects, load_model

    seed = config.train.seed
    shown, half = without_half(past, seed)
    tests = list(later_tests(shown, reports, first, last, seed))
    sizes = [*cohort_test(past, half, first), *later_effects(shown, reports, first, last)]
    if not tests and not sizes:
        return
    model_id = train_model(config, shown, progress)
    model, encoder = load_model(config.model_folder(model_id)), open_encoder(config)
    traits = np.unique(np.concatenate(shown.joined("ASSOCIATED_WITH", "CORRELATES_WITH")))
    wanted = np.unique(np.concatenate([traits, *(end for t in [*tests, *sizes] for end in (t.left, t.right))]))
    embedded = Embedded(wanted, model.vectors(shown, encoder, progress, only=wanted), model.learnt, model.share)
    score = methods(shown, embedded, encoder.encode(shown.nodes.texts), seed)
    for test in tests:
        yield Scored(test, {name: of(test.left, test.right) for name, of in score.items()})
    untrained = np.zeros((len(shown.nodes), encoder.dimension), dtype=np.float32)
    untrained[wanted] = split(embedded.stored, embedded.learnt)[1]
    effects = fit_effects(shown, untrained)
    if effects is None:
        return
    for test in sizes:
        ends = test.left, test.right
        source = "CORRELATES_WITH" if test.name.startswith("cohort") else "ASSOCIATED_WITH"
        yield Scored(
            test,
            {
                "effect score": effects.score(*ends, source=source),
                "largest known": effects.largest(*ends),
                **{name: score[name](*ends) for name in (SPACE, "text propagation", "degree product")},
            },
        )
