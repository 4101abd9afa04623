"""Bulk import into a new data folder: swapped in whole, or not at all."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from dataclasses import replace
from pathlib import Path

import pytest

from generel_etl.errors import BusyError, ServerError
from generel_graph.server import ARRAY_DELIMITER, bulk_import, ensure, find, stop
from generel_graph.server.home import holding
from generel_graph.server.lifecycle import home_of

IMPORT = """
import json, sys
from pathlib import Path
from generel_graph.config import Config, Neo4jConfig
from generel_graph.server import bulk_import
asked = json.loads(sys.argv[1])
folder = Path(asked["folder"])
config = Config(folder=folder, neo4j=Neo4jConfig(**asked["neo4j"]))
bulk_import(config, {"Kept": [folder / "nodes-header.csv", folder / "nodes.csv"]}, {}, lambda *a: print(*a, flush=True))
"""


def write_files(folder: Path, nodes: int, edge_end: str = "X:1") -> tuple[dict, dict]:
    (folder / "nodes-header.csv").write_text("id:ID(Entity),name,synonyms:string[]\n")
    rows = (f'X:{i},"two\nlines, {i}",one;{i}{ARRAY_DELIMITER}two\n' for i in range(nodes))
    (folder / "nodes.csv").write_text("".join(rows))
    (folder / "edges-header.csv").write_text(":START_ID(Entity),:END_ID(Entity),weight:double\n")
    (folder / "edges.csv").write_text(f"X:0,{edge_end},0.5\n")
    return (
        {"Kept:Entity": [folder / "nodes-header.csv", folder / "nodes.csv"]},
        {"IS_A": [folder / "edges-header.csv", folder / "edges.csv"]},
    )


def data_folders(config) -> list[str]:
    return [p.name for p in home_of(config).data_folders()]


def test_the_new_graph_takes_the_place_of_the_old_one_or_the_old_one_stays(lived_in, tmp_path, run, jvms):
    folder = tmp_path / "with, a comma (and more)"
    folder.mkdir()
    run(ensure(lived_in), "CREATE (:Kept {id: 'before'})")
    said = []
    report = bulk_import(lived_in, *write_files(folder, 200), lambda stage, *_: said.append(stage))
    assert (report.nodes, report.relationships) == (200, 1)
    assert "import into Neo4j" in said
    server = find(lived_in)
    assert jvms(lived_in) == [server.jvm_pid]
    rows = run(server, "MATCH (n:Kept {id: 'X:7'}) RETURN n.name AS name, n.synonyms AS synonyms, n:Entity AS entity")
    assert rows == [{"name": "two\nlines, 7", "synonyms": ["one;7", "two"], "entity": True}]
    assert run(server, "MATCH (a)-[r:IS_A]->(b) RETURN a.id AS a, b.id AS b, r.weight AS w") == [
        {"a": "X:0", "b": "X:1", "w": 0.5}
    ]
    kept = data_folders(lived_in)
    assert len(kept) == 1 and kept != ["data-1"]

    # a row that does not fit: the old graph was never gone
    with pytest.raises(ServerError, match="missing node X:none") as error:
        bulk_import(lived_in, *write_files(folder, 10, edge_end="X:none"))
    assert "as it was" in error.value.message
    assert find(lived_in) == server and data_folders(lived_in) == kept

    # two at once
    with holding(home_of(lived_in).import_lock, ""), pytest.raises(BusyError, match="at work"):
        bulk_import(lived_in, *write_files(folder, 10))


def test_a_killed_import_leaves_the_old_graph(lived_in, tmp_path, in_process, run, jvms):
    server = ensure(lived_in)
    before = run(server, "MATCH (n) RETURN count(n) AS n")
    kept = data_folders(lived_in)
    write_files(lived_in.folder, 300_000)
    command = in_process(lived_in, IMPORT)
    for line in command.stdout:
        if "%" in line or "import into" in line:
            break
    os.kill(command.pid, signal.SIGKILL)
    command.communicate()
    assert find(lived_in) == server and run(server, "MATCH (n) RETURN count(n) AS n") == before
    assert len(data_folders(lived_in)) == 2  # the half that it left
    stop(lived_in)
    server = ensure(lived_in)  # which clears it away
    assert run(server, "MATCH (n) RETURN count(n) AS n") == before
    assert data_folders(lived_in) == kept
    assert jvms(lived_in) == [server.jvm_pid]


def test_a_full_disk_leaves_the_old_graph(make_config, tmp_path, run):
    disk = tmp_path / "disk"
    disk.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=60m", "tmpfs", str(disk)],
        capture_output=True,
        text=True,
        check=False,
    )
    if mounted.returncode:
        pytest.skip(f"a small disk cannot be mounted here: {mounted.stderr.strip()}")
    try:
        config = replace(make_config(), state_dir=str(disk))
        server = ensure(config)
        run(server, "CREATE (:Kept {id: 'before'})")
        with pytest.raises(ServerError, match="disk is full") as error:
            bulk_import(config, *write_files(tmp_path, 400_000))
        assert "make room" in error.value.message
        assert find(config) == server and data_folders(config) == ["data-1"]
        assert run(server, "MATCH (n) RETURN n.id AS id") == [{"id": "before"}]
        stop(config)
        assert run(ensure(config), "MATCH (n) RETURN n.id AS id") == [{"id": "before"}]
        stop(config)
    finally:
        time.sleep(0.2)
        subprocess.run(["umount", "-l", str(disk)], check=True)
