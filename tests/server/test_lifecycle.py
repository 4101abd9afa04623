"""Start, find, stop, upgrade and reset of the private server, with real servers."""

from __future__ import annotations

import json
import shutil
import socket
import stat
import time
from dataclasses import replace
from pathlib import Path

import neo4j
import psutil
import pytest

from generel_etl.errors import BusyError, ServerError
from generel_graph.server import ensure, find, logs, reset, status, stop
from generel_graph.server.lifecycle import home_of

NEW, OLD = "2026.08.1", "5.26.18"


def wait_until(condition, seconds: float) -> bool:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if condition():
            return True
        time.sleep(0.1)
    return False


def test_concurrent_commands_get_one_server_that_outlives_them(make_config, in_process, jvms, run):
    config = make_config(browser=True)
    commands = [in_process(config) for _ in range(2)]
    answers = [json.loads(c.communicate(timeout=90)[0].splitlines()[-1]) for c in commands]
    assert answers[0] == answers[1]
    server = find(config)
    assert server is not None
    assert server.uri == answers[0][0]
    assert jvms(config) == [server.jvm_pid]
    assert run(server, "RETURN 1 AS one") == [{"one": 1}]

    # only its owner can read the password, which is on no command line
    assert stat.S_IMODE(server.password_file.stat().st_mode) == 0o600
    assert server.password.encode() not in Path(f"/proc/{server.jvm_pid}/cmdline").read_bytes()
    with (
        pytest.raises(neo4j.exceptions.AuthError),
        neo4j.GraphDatabase.driver(server.uri, auth=("neo4j", "neo4j")) as driver,
    ):
        driver.verify_connectivity()

    # the supervisor logs the start
    assert "Neo4j 2026.08.1 is ready on port" in (home_of(config).logs / "supervisor.log").read_text()

    # it listens only on loopback
    sockets = psutil.Process(server.jvm_pid).net_connections(kind="tcp")
    listening = {s.laddr.ip for s in sockets if s.status == psutil.CONN_LISTEN}
    assert listening
    assert listening <= {"127.0.0.1", "::1", "::ffff:127.0.0.1"}

    # status has all values, the Browser answers, and a second call returns the same server immediately
    state = status(config)
    assert state.server == server
    assert (state.store_version, state.heap_bytes, state.page_cache_bytes) == (NEW, 512 << 20, 64 << 20)
    assert state.resident_bytes > 100 << 20
    assert state.store_bytes > 0
    assert f"127.0.0.1:{state.http_port}/browser/?dbms=bolt://neo4j@127.0.0.1:{state.bolt_port}" in server.http_url
    with socket.create_connection(("127.0.0.1", state.http_port)) as web:
        web.sendall(b"GET /browser/ HTTP/1.0\r\n\r\n")
        assert web.recv(15).startswith(b"HTTP/1.")
    start = time.monotonic()
    assert ensure(config) == server
    assert time.monotonic() - start < 3  # a start takes longer

    # the store can be deleted only while the server does not run
    with pytest.raises(BusyError, match="is running"):
        reset(config)
    assert stop(config).was_running
    assert not jvms(config)
    assert find(config) is None
    assert not stop(config).was_running
    log = (home_of(config).logs / "supervisor.log").read_text()
    assert "A stop was requested" in log
    assert log.endswith("Neo4j is stopped\n")
    assert status(config).server is None
    assert status(config).bolt_port == state.bolt_port
    assert [p.name for p in reset(config)] == ["data-1"]
    assert status(config).store_version == ""


def test_ports_are_reused_unless_another_program_uses_them(make_config):
    config = make_config()
    first = ensure(config)
    stop(config)
    second = ensure(config)
    assert second.uri == first.uri
    assert second.pid != first.pid
    stop(config)
    port = int(first.uri.rsplit(":", 1)[1])
    with socket.socket() as other:
        other.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        other.bind(("127.0.0.1", port))
        other.listen()
        with pytest.raises(ServerError, match="another program is using this port") as error:
            ensure(replace(config, neo4j=replace(config.neo4j, bolt_port=port)))
        assert error.value.found == port
        assert "neo4j.bolt_port" in error.value.message
        assert ensure(config).uri != first.uri


def test_server_stops_when_idle_but_not_while_a_client_is_connected(make_config, jvms):
    config = make_config(idle_minutes=0.05)
    server = ensure(config)
    driver = neo4j.GraphDatabase.driver(server.uri, auth=(server.user, server.password))
    driver.execute_query("RETURN 1")
    time.sleep(6)
    assert jvms(config) == [server.jvm_pid]
    driver.close()
    assert wait_until(lambda: not jvms(config), 12)
    assert not home_of(config).server_file.exists()


def test_server_ends_when_its_folder_is_deleted(make_config, jvms):
    config = make_config()
    ensure(config)
    shutil.rmtree(config.state)
    assert wait_until(lambda: not jvms(config), 15)


def test_older_store_is_upgraded_and_newer_store_is_rejected(make_config, run, count):
    old = make_config(version=OLD)
    assert ensure(old).upgraded_from == ""
    run(ensure(old), "UNWIND range(1, 100) AS i CREATE (:Sample {i: i})")
    new = replace(old, neo4j=replace(old.neo4j, version=NEW))
    notes = []
    server = ensure(new, lambda stage, done, total, note="": notes.append(note))
    assert server.version == NEW
    assert server.upgraded_from == OLD
    assert any(OLD in note and NEW in note and "cannot be undone" in note for note in notes)
    assert count(new) == 100
    with pytest.raises(ServerError, match=rf"{NEW}, which is newer than {OLD}"):
        ensure(old)
    assert find(new) == server  # the running server is not affected


@pytest.mark.parametrize("wrong", ["", "not the password\n"])
def test_wrong_password_file_is_reported_and_no_process_remains(make_config, jvms, wrong):
    config = make_config()
    server = ensure(config)
    right = server.password_file.read_text()
    stop(config)
    if wrong:
        server.password_file.write_text(wrong)
    else:
        server.password_file.unlink()
    with pytest.raises(ServerError, match="does not contain the password of the store"):
        ensure(config)
    assert not jvms(config)
    server.password_file.write_text(right)
    assert find(config) is None


def test_jvm_that_fails_to_start_is_explained(make_config, jvms):
    config = make_config(heap="3m")
    with pytest.raises(ServerError, match="failed to start") as error:
        ensure(config)
    assert "the heap is too small" in error.value.message
    assert "next:" in error.value.message
    assert not jvms(config)
    assert any("the heap is too small" in line for line in logs(config))


def test_state_folder_that_cannot_be_written_is_named(make_config):
    config = make_config()
    (config.folder / ".generel").write_text("a file instead of a folder")
    with pytest.raises(ServerError, match="state folder cannot be written"):
        ensure(config)
    (config.folder / ".generel").unlink()


OFFLINE = """
import json, socket, sys
from pathlib import Path
from generel_graph.config import Config, Neo4jConfig
from generel_graph.server import ensure, stop
try:
    socket.create_connection(("192.0.2.1", 80), 1)
except OSError as error:
    print(error)
arguments = json.loads(sys.argv[1])
config = Config(folder=Path(arguments["folder"]), neo4j=Neo4jConfig(**arguments["neo4j"]))
print(ensure(config).version, stop(config).was_running)
"""


def test_server_starts_without_network_if_the_cache_is_complete(make_config, in_process):
    config = make_config()
    if not shutil.which("unshare") or not shutil.which("ip"):
        pytest.skip("needs `unshare` and `ip` to run without a network")
    offline = ("unshare", "-rn", "sh", "-c", 'ip link set lo up && exec "$@"', "offline")
    trial = in_process(config, "print('offline')", wrap=offline)
    _, errors = trial.communicate(timeout=30)
    if trial.returncode:
        pytest.skip(f"this machine does not allow a network namespace: {errors.strip()}")
    command = in_process(config, OFFLINE, wrap=offline)
    output, errors = command.communicate(timeout=120)
    assert output.splitlines() == ["[Errno 101] Network is unreachable", f"{NEW} True"], errors
