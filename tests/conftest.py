"""Real Neo4j servers for all tests: one of each supported version, started by the project's own `server/`."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from generel_graph.config import Config, Neo4jConfig
from generel_graph.graph import Graph
from generel_graph.server import ensure, stop

ROOT = Path(__file__).resolve().parents[1]
VERSIONS = ("2026.08.1", "5.26.18")

# The time of an example depends on the machine, so there is no deadline.
settings.register_profile("busy machines", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("busy machines")


@dataclass(frozen=True, slots=True)
class Running:
    """A running server of one version and its configuration."""

    config: Config
    uri: str
    user: str
    password: str
    browser: str  # the address of Neo4j Browser


@pytest.fixture(scope="session")
def servers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Running]]:
    """Servers by version, each started when a test first uses it; a test fails if its server does not start."""
    running: dict[str, Running] = {}

    class Lazy(dict[str, Running]):
        def __missing__(self, version: str) -> Running:
            folder = tmp_path_factory.mktemp(f"neo4j-{version}")
            neo4j = Neo4jConfig(version=version, heap="700m", page_cache="200m", idle_minutes=60)
            config = Config(folder=folder, neo4j=neo4j)
            server = ensure(config)
            running[version] = Running(config, server.uri, server.user, server.password, server.http_url)
            self[version] = running[version]
            return running[version]

    yield Lazy()
    for server in running.values():
        stop(server.config)


@pytest.fixture(params=VERSIONS)
def graph(request: pytest.FixtureRequest, servers: dict[str, Running]) -> Iterator[Graph]:
    """An empty database, on every supported version in turn."""
    server = servers[request.param]
    with Graph.connect(server.uri, server.user, server.password) as opened:
        wipe(opened)
        yield opened


@pytest.fixture(scope="module", params=VERSIONS)
def lasting(request: pytest.FixtureRequest, servers: dict[str, Running]) -> Iterator[Graph]:
    """A database that the tests of one module share; it is empty before the first, and each test undoes its changes."""
    server = servers[request.param]
    with Graph.connect(server.uri, server.user, server.password) as opened:
        wipe(opened)
        yield opened


def wipe(graph: Graph) -> None:
    """Empty the database: data, vector indexes and constraints."""
    driver = graph.driver
    with driver.session(database=graph.database) as session:
        session.run("MATCH (n) CALL (n) { DETACH DELETE n } IN TRANSACTIONS OF 5000 ROWS").consume()
        for record in list(session.run("SHOW VECTOR INDEXES YIELD name")):
            session.run("DROP INDEX $name IF EXISTS", name=record["name"]).consume()


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The folder of real data; tests that need it are skipped if it does not exist."""
    folder = Path(os.environ.get("GENEREL_SHARED_DATA", ROOT.parent / "shared" / "data"))
    if not folder.is_dir():
        pytest.skip(f"no real data at {folder} (GENEREL_SHARED_DATA)")
    return folder


@pytest.fixture(scope="session", params=["float32", "bfloat16"])
def number_format(request: pytest.FixtureRequest) -> str:
    """A value of `[train] number_format`, each in turn; one that this processor would emulate is skipped."""
    if request.param == "bfloat16":
        request.getfixturevalue("bfloat16")
    return str(request.param)


@pytest.fixture(scope="session")
def bfloat16() -> None:
    """Skip the test on a processor without bfloat16."""
    from generel_graph.encode.device import best_device, has_bfloat16

    if not has_bfloat16(best_device()):
        pytest.skip("this processor has no bfloat16")


@pytest.fixture(scope="session")
def tiny(tmp_path_factory):
    """The folder of a BERT model with random weights, in the layout of Hugging Face."""
    import torch
    from transformers import BertConfig, BertModel, BertTokenizer

    folder = tmp_path_factory.mktemp("tiny")
    words = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", *"abcdefghijklmnopqrstuvwxyz", "heart", "attack"]
    (folder / "vocab.txt").write_text("\n".join([*words, *("##" + w for w in "abcdefghijklmnopqrstuvwxyz")]))
    BertTokenizer(str(folder / "vocab.txt")).save_pretrained(folder)
    torch.manual_seed(0)
    config = BertConfig(vocab_size=60, hidden_size=16, num_hidden_layers=1, num_attention_heads=2, intermediate_size=32)
    BertModel(config).save_pretrained(folder)
    return folder
