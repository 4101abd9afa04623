"""A bulk import replaces the graph completely or leaves it unchanged."""

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
from generel_graph.server.home import hold_lock
from generel_graph.server.lifecycle import home_of

IMPORT = """
import json, sys
from pathlib import Path
from generel_graph.config import Config, Neo4jConfig
from generel_graph.server import bulk_import
arguments = json.loads(sys.argv[1])
folder = Path(arguments["folder"])
config = Config(folder=folder, neo4j=Neo4jConfig(**arguments["neo4j"]))
nodes = {"Sample": [folder / "nodes-header.csv", folder / "nodes.csv"]}
bulk_import(config, nodes, {}, lambda *values: print(*values, flush=True))
"""


def write_files(folder: Path, nodes: int, end_id: str = "X:1") -> tuple[dict, dict]:
    (folder / "nodes-header.csv").write_text("id:ID(Entity),name,synonyms:string[]\n")
    rows = (f'X:{i},"two\nlines, {i}",one;{i}{ARRAY_DELIMITER}two\n' for i in range(nodes))
    (folder / "nodes.csv").write_text("".join(rows))
    (folder / "edges-header.csv").write_text(":START_ID(Entity),:END_ID(Entity),weight:double\n")
    (folder / "edges.csv").write_text(f"X:0,{end_id},0.5\n")
    return (
        {"Sample:Entity": [folder / "nodes-header.csv", folder / "nodes.csv"]},
        {"IS_A": [folder / "edges-header.csv", folder / "edges.csv"]},
    )


def data_folders(config) -> list[str]:
    return [p.name for p in home_of(config).data_folders()]


def test_new_graph_replaces_the_old_one_or_the_old_one_stays(shared_config, tmp_path, run, jvms):
    folder = tmp_path / "with, a comma (and more)"
    folder.mkdir()
    run(ensure(shared_config), "CREATE (:Sample {id: 'before'})")
    stages = []
    report = bulk_import(shared_config, *write_files(folder, 200), lambda stage, *_: stages.append(stage))
    assert (report.nodes, report.relationships) == (200, 1)
    assert "import into Neo4j" in stages
    server = find(shared_config)
    assert jvms(shared_config) == [server.jvm_pid]
    rows = run(server, "MATCH (n:Sample {id: 'X:7'}) RETURN n.name AS name, n.synonyms AS synonyms, n:Entity AS entity")
    assert rows == [{"name": "two\nlines, 7", "synonyms": ["one;7", "two"], "entity": True}]
    assert run(server, "MATCH (a)-[r:IS_A]->(b) RETURN a.id AS a, b.id AS b, r.weight AS w") == [
        {"a": "X:0", "b": "X:1", "w": 0.5}
    ]
    folders = data_folders(shared_config)
    assert len(folders) == 1
    assert folders != ["data-1"]

    # an invalid row: the old graph stays available
    with pytest.raises(ServerError, match="missing node X:none") as error:
        bulk_import(shared_config, *write_files(folder, 10, end_id="X:none"))
    assert "unchanged" in error.value.message
    assert find(shared_config) == server
    assert data_folders(shared_config) == folders

    # two imports at the same time
    with hold_lock(home_of(shared_config).import_lock, ""), pytest.raises(BusyError, match="is running"):
        bulk_import(shared_config, *write_files(folder, 10))


def test_killed_import_leaves_the_old_graph(shared_config, tmp_path, in_process, run, jvms):
    server = ensure(shared_config)
    before = run(server, "MATCH (n) RETURN count(n) AS n")
    folders = data_folders(shared_config)
    write_files(shared_config.folder, 300_000)
    command = in_process(shared_config, IMPORT)
    for line in command.stdout:
        if "%" in line or "import into" in line:
            break
    os.kill(command.pid, signal.SIGKILL)
    command.communicate()
    assert find(shared_config) == server
    assert run(server, "MATCH (n) RETURN count(n) AS n") == before
    assert len(data_folders(shared_config)) == 2  # including the unfinished one
    stop(shared_config)
    server = ensure(shared_config)  # the start deletes the unfinished folder
    assert run(server, "MATCH (n) RETURN count(n) AS n") == before
    assert data_folders(shared_config) == folders
    assert jvms(shared_config) == [server.jvm_pid]


def test_full_disk_leaves_the_old_graph(make_config, tmp_path, run):
    disk = tmp_path / "disk"
    disk.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=60m", "tmpfs", str(disk)],
        capture_output=True,
        text=True,
        check=False,
    )
    if mounted.returncode:
        pytest.skip(f"a small disk cannot be mounted: {mounted.stderr.strip()}")
    try:
        config = replace(make_config(), state_dir=str(disk))
        server = ensure(config)
        run(server, "CREATE (:Sample {id: 'before'})")
        with pytest.raises(ServerError, match="disk is full") as error:
            bulk_import(config, *write_files(tmp_path, 400_000))
        assert "free some space" in error.value.message
        assert find(config) == server
        assert data_folders(config) == ["data-1"]
        assert run(server, "MATCH (n) RETURN n.id AS id") == [{"id": "before"}]
        stop(config)
        assert run(ensure(config), "MATCH (n) RETURN n.id AS id") == [{"id": "before"}]
        stop(config)
    finally:
        time.sleep(0.2)
        subprocess.run(["umount", "-l", str(disk)], check=True)
