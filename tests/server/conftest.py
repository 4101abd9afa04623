"""Private servers for these tests: each in its own folder, stopped after its test or module."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import neo4j
import pytest

from generel_graph.config import Config, Neo4jConfig
from generel_graph.server import Server, ensure, stop
from generel_graph.server.lifecycle import home_of

NEW, OLD = "2026.08.1", "5.26.18"
SMALL = Neo4jConfig(heap="512m", page_cache="64m", idle_minutes=5, browser=False)
ENSURE = """
import json, sys
from pathlib import Path
from generel_graph.config import Config, Neo4jConfig
from generel_graph.server import ensure
arguments = json.loads(sys.argv[1])
config = Config(folder=Path(arguments["folder"]), neo4j=Neo4jConfig(**arguments["neo4j"]))
server = ensure(config)
print(json.dumps([server.uri, server.pid, server.jvm_pid]), flush=True)
"""


@pytest.fixture
def make_config(tmp_path: Path) -> Iterator[Callable[..., Config]]:
    """A configuration with a small server in this test's folder; the server is stopped after the test."""
    configs: list[Config] = []

    def make(folder: str = "project", **keys: Any) -> Config:
        (tmp_path / folder).mkdir(exist_ok=True)
        configs.append(Config(folder=tmp_path / folder, neo4j=replace(SMALL, **keys)))
        return configs[-1]

    yield make
    for config in configs:
        if home_of(config).path.is_dir():
            stop(config)


@pytest.fixture(scope="module", params=[NEW, OLD])
def shared_config(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Config]:
    """A server of each version that the tests of a module share; it may or may not run when a test starts."""
    config = Config(folder=tmp_path_factory.mktemp("shared"), neo4j=replace(SMALL, version=request.param))
    yield config
    stop(config)


@pytest.fixture
def in_process() -> Callable[..., subprocess.Popen[str]]:
    """Run code, by default `ensure`, in a new process; its first argument is the configuration as JSON."""

    def start(config: Config, code: str = ENSURE, wrap: tuple[str, ...] = (), **environment: str) -> Any:
        keys = {name: getattr(config.neo4j, name) for name in Neo4jConfig.__dataclass_fields__}
        arguments = json.dumps({"folder": str(config.folder), "neo4j": keys})
        call = [*wrap, sys.executable, "-c", code, arguments]
        pipe = subprocess.PIPE
        return subprocess.Popen(call, stdout=pipe, stderr=pipe, text=True, env=os.environ | environment)

    return start


@pytest.fixture
def run() -> Callable[..., list[dict[str, Any]]]:
    """Rows of one statement on a server."""

    def rows(server: Server, statement: str, **parameters: Any) -> list[dict[str, Any]]:
        with neo4j.GraphDatabase.driver(server.uri, auth=(server.user, server.password)) as driver:
            return [dict(r) for r in driver.execute_query(statement, parameters, database_="neo4j").records]

    return rows


@pytest.fixture
def count(run: Callable[..., list[dict[str, Any]]]) -> Callable[..., int]:
    """The number of nodes with a label on the configured server, which is started if necessary."""

    def nodes(config: Config, label: str = "Sample") -> int:
        statement = "MATCH (n) WHERE $label IN labels(n) RETURN count(n) AS n"
        return int(run(ensure(config), statement, label=label)[0]["n"])

    return nodes


@pytest.fixture
def jvms() -> Callable[[Config], list[int]]:
    """Pids of the JVMs that run on this project's folder, from their command lines."""

    def pids(config: Config) -> list[int]:
        result = []
        for path in Path("/proc").glob("[0-9]*/cmdline"):
            try:
                line = path.read_bytes()
            except OSError:
                continue  # the process ended meanwhile
            if b"jvm.args" in line and bytes(home_of(config).path) in line:
                result.append(int(path.parent.name))
        return result

    return pids
