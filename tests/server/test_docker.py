"""Load the quick-start data into Neo4j's official image, if a Docker engine is available; otherwise skip."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from generel_etl.pipeline import read_sources
from generel_graph.config import load_config
from generel_graph.demo.data import quickstart
from generel_graph.graph import Graph
from generel_graph.graph.digest import deep_digest, graph_digest
from generel_graph.load import load_batches
from generel_graph.server.settings import shared_environment


def docker_is_available() -> bool:
    try:
        import docker

        docker.from_env().ping()
    except Exception:  # any reason why there is no engine
        return False
    return True


@pytest.mark.parametrize("version", ["2026.08.1", "5.26.18"])
def test_container_with_the_shared_settings_stores_the_same_graph(tmp_path: Path, version: str) -> None:
    if not docker_is_available():
        pytest.skip(f"no Docker engine is available: neo4j:{version}-community was not run")
    from testcontainers.neo4j import Neo4jContainer

    shutil.copytree(quickstart(), tmp_path / "data")
    config = load_config(tmp_path / "data" / "generel.toml", {})
    resolved = read_sources(replace(config, state_dir=str(tmp_path / "state")).etl)
    container = Neo4jContainer(f"neo4j:{version}-community", password="a long password")
    for name, value in shared_environment(version).items():
        container = container.with_env(name, value)
    with container, Graph.connect(container.get_connection_url(), "neo4j", "a long password") as graph:
        load_batches(graph, resolved)
        assert deep_digest(graph) == graph_digest(graph)
