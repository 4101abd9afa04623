"""After SIGKILL of the command, the JVM or the supervisor, the next command works on one JVM with all data."""

from __future__ import annotations

import os
import signal
import time

import pytest

from generel_graph.server import ensure, find
from generel_graph.server.lifecycle import home_of
from generel_graph.server.processes import is_alive, start_time

WRITER = """
import json, sys
from pathlib import Path
import neo4j
from generel_graph.config import Config, Neo4jConfig
from generel_graph.server import ensure
arguments = json.loads(sys.argv[1])
server = ensure(Config(folder=Path(arguments["folder"]), neo4j=Neo4jConfig(**arguments["neo4j"])))
batch = 0
with neo4j.GraphDatabase.driver(server.uri, auth=(server.user, server.password)) as driver:
    while True:
        driver.execute_query("UNWIND range(1, 100) AS i CREATE (:Sample {batch: $b})", b=batch, database_="neo4j")
        print(batch, flush=True)
        batch += 1
"""
BATCHES = "MATCH (n:Sample) RETURN n.batch AS batch, count(*) AS n"


@pytest.mark.parametrize(
    ("shared_config", "victims"),
    [
        *(("2026.08.1", v) for v in ("command", "jvm", "supervisor", "jvm supervisor", "command jvm supervisor")),
        *(("5.26.18", v) for v in ("supervisor", "command jvm supervisor")),
    ],
    indirect=["shared_config"],
)
def test_after_a_kill_the_next_command_works(shared_config, in_process, run, jvms, victims):
    run(ensure(shared_config), "MATCH (n:Sample) DELETE n")
    writer = in_process(shared_config, WRITER)
    acknowledged = [int(writer.stdout.readline()) for _ in range(5)]
    server = find(shared_config)
    pids = {"command": writer.pid, "jvm": server.jvm_pid, "supervisor": server.pid}
    started = {name: start_time(pid) for name, pid in pids.items()}
    for name in victims.split():
        os.kill(pids[name], signal.SIGKILL)
    if "command" not in victims:
        time.sleep(0.5)
        writer.kill()
    acknowledged += [int(line) for line in writer.communicate()[0].splitlines()]

    restarted = ensure(shared_config)
    assert jvms(shared_config) == [restarted.jvm_pid]
    if victims == "command":
        assert restarted == server
    else:
        assert restarted.jvm_pid != server.jvm_pid
        assert not is_alive(server.jvm_pid, started["jvm"])
        assert not is_alive(server.pid, started["supervisor"])
    rows = {row["batch"]: row["n"] for row in run(restarted, BATCHES)}
    assert set(acknowledged) <= set(rows), "an acknowledged write is lost"
    assert set(rows.values()) == {100}, "a batch was written in part"


def test_kill_during_the_start_does_not_block_the_next_start(make_config, in_process, jvms):
    config = make_config()
    command = in_process(config)
    home = home_of(config)
    while not jvms(config):
        time.sleep(0.02)
    time.sleep(1.5)  # the JVM is creating the store
    for pid in [command.pid, *jvms(config)]:
        os.kill(pid, signal.SIGKILL)
    command.communicate()
    server = ensure(config)
    assert server.pid
    assert jvms(config) == [server.jvm_pid]
    assert home.server_file.exists()
