"""Settings: memory follows the machine or container; server/ and docker-compose.yml share their settings."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml

from generel_etl.errors import ConfigError
from generel_graph.config import Neo4jConfig
from generel_graph.server import settings as settings_module
from generel_graph.server.jars.manifest import supported_versions
from generel_graph.server.settings import (
    GIBIBYTE,
    MEBIBYTE,
    Memory,
    argument_file,
    java_environment,
    parse_size,
    setting_name,
    settings,
    shared_environment,
    size_memory,
)

ROOT = Path(__file__).resolve().parents[2]
COMPOSE = yaml.safe_load((ROOT / "docker-compose.yml").read_text(encoding="utf-8"))["services"]["neo4j"]
NEW, OLD = "2026.08.1", "5.26.18"


def conf(version: str, **ports: int) -> dict[str, str]:
    return settings(version, Path("/d/data-2"), Path("/h"), memory=Memory(GIBIBYTE, 64 * MEBIBYTE), **ports)


def test_compose_runs_the_default_version_with_the_settings_of_the_private_server():
    assert COMPOSE["image"] == f"neo4j:{Neo4jConfig().version}-community"
    assert Neo4jConfig().version == supported_versions()[-1]
    shared: dict[str, str] = {}
    for name in COMPOSE["env_file"]:
        for line in (ROOT / name).read_text(encoding="utf-8").splitlines():
            if line and not line.startswith("#"):
                key, value = line.split("=", 1)
                shared[key] = value
    assert shared == shared_environment(NEW)
    private = conf(NEW, bolt=7, http=8)
    assert {setting_name(key): value for key, value in shared.items()}.items() <= private.items()
    own = {setting_name(key) for key in COMPOSE["environment"] if key != "NEO4J_AUTH"}
    assert own <= private.keys() | {"server.memory.heap.max_size"}


def test_compose_publishes_on_loopback_and_requires_a_password():
    assert all(port.startswith("127.0.0.1:") for port in COMPOSE["ports"])
    assert "${NEO4J_PASSWORD:?" in COMPOSE["environment"]["NEO4J_AUTH"]
    assert "RETURN 1" in COMPOSE["healthcheck"]["test"][1]
    assert COMPOSE["volumes"] == ["neo4j-data:/data"]


@pytest.mark.parametrize(
    ("variable", "setting"),
    [
        ("NEO4J_server_https_enabled", "server.https.enabled"),
        ("NEO4J_db_tx__log_preallocate", "db.tx_log.preallocate"),
        ("NEO4J_a_b__c__d_e", "a.b_c_d.e"),
    ],
)
def test_variable_of_the_image_names_a_setting(variable, setting):
    assert setting_name(variable) == setting


def test_server_listens_on_loopback_and_sends_no_usage_reports():
    for version in supported_versions():
        lines = conf(version, bolt=7687, http=7474)
        assert lines["server.bolt.listen_address"] == "127.0.0.1:7687"
        assert lines["server.http.listen_address"] == "127.0.0.1:7474"
        assert lines["server.default_listen_address"] == "127.0.0.1"
        assert lines["dbms.usage_report.enabled"] == "false"
        assert lines["server.directories.data"] == "/d/data-2"
    assert "dbms.fleet_manager.enabled" not in conf(OLD), "5.26 does not start with it"
    assert conf(NEW)["dbms.fleet_manager.enabled"] == "false"
    assert conf(NEW, bolt=1)["server.http.enabled"] == "false"


@pytest.mark.parametrize(
    ("limit", "store", "heap", "cache"),
    [
        (GIBIBYTE, 0, 512 * MEBIBYTE, 256 * MEBIBYTE),
        (24 * GIBIBYTE, 0, 4 * GIBIBYTE, 512 * MEBIBYTE),
        (24 * GIBIBYTE, 4 * GIBIBYTE, 4 * GIBIBYTE, 5 * GIBIBYTE + 256 * MEBIBYTE),
        (8 * GIBIBYTE, 100 * GIBIBYTE, 8 * GIBIBYTE // 6, 2 * GIBIBYTE),
    ],
)
def test_memory_follows_the_limit_and_the_store(limit, store, heap, cache):
    assert size_memory(store, limit=limit) == Memory(heap, cache)
    assert size_memory(store, "3g", "100m", limit=limit) == Memory(3 * GIBIBYTE, 100 * MEBIBYTE)


def test_memory_limit_of_a_container_is_respected(tmp_path, monkeypatch):
    limit = tmp_path / "memory.max"
    limit.write_text("734003200\n")
    monkeypatch.setattr(settings_module, "_cgroup_files", lambda: [tmp_path / "absent", limit])
    assert settings_module.memory_limit() == 700 * MEBIBYTE
    limit.write_text("max\n")
    assert settings_module.memory_limit() > GIBIBYTE


@pytest.mark.parametrize("text", ["2gb", "512 M", "2GiB", "1048576k"])
def test_sizes_are_parsed(text):
    assert parse_size(text, "heap") in (2 * GIBIBYTE, 512 * MEBIBYTE, GIBIBYTE)


@pytest.mark.parametrize("text", ["2", "lots", "-1g", "0m", "1.5g"])
def test_invalid_size_is_rejected(text):
    with pytest.raises(ConfigError, match=re.escape(text)) as error:
        parse_size(text, "page_cache")
    assert error.value.where == "neo4j.page_cache"


def test_java_environment_contains_no_password(monkeypatch):
    monkeypatch.setenv("NEO4J_PASSWORD", "secret")
    monkeypatch.setenv("OTHER", "other")
    assert "secret" not in java_environment().values()
    assert java_environment()["OTHER"] == "other"


def test_argument_file_quotes_spaces_and_escapes():
    assert argument_file(["-cp", 'a b:c"d\\e']) == '"-cp"\n"a b:c\\"d\\\\e"\n'
