"""Kill -9 of the command, the JVM, the supervisor or all: the next command works, the data are there, one JVM."""

from __future__ import annotations

import os
import signal
import time

import pytest

from generel_graph.server import ensure, find
from generel_graph.server.lifecycle import home_of
from generel_graph.server.processes import alive, born

WRITER = """
import json, sys
from pathlib import Path
import neo4j
from generel_graph.config import Config, Neo4jConfig
from generel_graph.server import ensure
asked = json.loads(sys.argv[1])
server = ensure(Config(folder=Path(asked["folder"]), neo4j=Neo4jConfig(**asked["neo4j"])))
batch = 0
with neo4j.GraphDatabase.driver(server.uri, auth=(server.user, server.password)) as driver:
    while True:
        driver.execute_query("UNWIND range(1, 100) AS i CREATE (:Kept {batch: $b})", b=batch, database_="neo4j")
        print(batch, flush=True)
        batch += 1
"""
BATCHES = "MATCH (n:Kept) RETURN n.batch AS batch, count(*) AS n"


@pytest.mark.parametrize(
    ("lived_in", "victims"),
    [
        *(("2026.08.1", v) for v in ("command", "jvm", "supervisor", "jvm supervisor", "command jvm supervisor")),
        *(("5.26.18", v) for v in ("supervisor", "command jvm supervisor")),
    ],
    indirect=["lived_in"],
)
def test_after_a_kill_the_next_command_works(lived_in, in_process, run, jvms, victims):
    run(ensure(lived_in), "MATCH (n:Kept) DELETE n")
    writer = in_process(lived_in, WRITER)
    acknowledged = [int(writer.stdout.readline()) for _ in range(5)]
    server = find(lived_in)
    pids = {"command": writer.pid, "jvm": server.jvm_pid, "supervisor": server.pid}
    started = {name: born(pid) for name, pid in pids.items()}
    for name in victims.split():
        os.kill(pids[name], signal.SIGKILL)
    if "command" not in victims:
        time.sleep(0.5)
        writer.kill()
    acknowledged += [int(line) for line in writer.communicate()[0].splitlines()]

    again = ensure(lived_in)
    assert jvms(lived_in) == [again.jvm_pid]
    if victims == "command":
        assert again == server
    else:
        assert again.jvm_pid != server.jvm_pid and not alive(server.jvm_pid, started["jvm"])
        assert not alive(server.pid, started["supervisor"])
    rows = {row["batch"]: row["n"] for row in run(again, BATCHES)}
    assert set(acknowledged) <= set(rows), "an acknowledged write is lost"
    assert set(rows.values()) == {100}, "a write is there in part"


def test_a_kill_while_it_starts_leaves_nothing_in_the_way(make_config, in_process, jvms):
    config = make_config()
    command = in_process(config)
    home = home_of(config)
    while not jvms(config):
        time.sleep(0.02)
    time.sleep(1.5)  # the store is being made
    for pid in [command.pid, *jvms(config)]:
        os.kill(pid, signal.SIGKILL)
    command.communicate()
    server = ensure(config)
    assert server.pid and jvms(config) == [server.jvm_pid]
    assert home.server_file.exists()
