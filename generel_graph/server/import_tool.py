"""Neo4j's own import tool (`neo4j-admin database import full`), run on CSV files into a data folder."""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from generel_graph.errors import ServerError
from generel_graph.progress import Progress
from generel_graph.server import tethered
from generel_graph.server.home import Home, remove_folder, write_text
from generel_graph.server.launch import Launch
from generel_graph.server.settings import (
    ADMIN_CLASS,
    GIBIBYTE,
    Memory,
    argument_file,
    family,
    java_environment,
    java_options,
    memory_limit,
    settings,
    size,
)

ARRAY_DELIMITER = "\x1f"  # between the items of a list: no text of a vocabulary holds it
STAGE = "import into Neo4j"
LEAST_ROOM = 1 << 20  # bytes; less left when the tool fails means that it failed for it
COUNT = re.compile(r"^\s*(\d+) (nodes|relationships|properties)\s*$", re.MULTILINE)
STEP = re.compile(r"^\s*(?:\(\d/\d\) )?([^,\d(][^,(]*?),? (?:started )?\d{4}-\d\d-\d\d")  # of both versions
PERCENT = re.compile(r"(\d+)%")  # 5.26
RECORDS = re.compile(r"\]\s*([\d.]+)([KMG]?) ∆")  # 2026
REASONS = (  # the first that is found is told
    r"^(.*referring to missing node.*)$",
    r"^(.*(?:is defined more than once|[Dd]uplicat).*)$",
    r"original error: (.*)$",
    r"Command Failed\s*\n\s*(.*)$",
)


@dataclass(frozen=True, slots=True)
class ImportFiles:
    """What is imported into one database: for each labels or type a header file and files of rows."""

    database: str
    nodes: Mapping[str, Sequence[Path]]
    relationships: Mapping[str, Sequence[Path]]
    multiline: bool

    @property
    def folder(self) -> Path:
        """The folder that all files lie under."""
        groups = (self.nodes, self.relationships)
        parents = {str(p.absolute().parent) for group in groups for paths in group.values() for p in paths}
        return Path(os.path.commonpath(sorted(parents)))

    def arguments(self) -> list[str]:
        """The tool's options for them; relative names, since a comma in a path would end the file's name."""
        options = ["--multiline-fields=true"] if self.multiline else []
        for option, groups in (("nodes", self.nodes), ("relationships", self.relationships)):
            for name, paths in groups.items():
                files = ",".join(f"./{p.absolute().relative_to(self.folder)}" for p in paths)
                options.append(f"--{option}={name}={files}" if name else f"--{option}={files}")
        return options


def run(
    home: Home, launch: Launch, data: Path, files: ImportFiles, lock: IO[str], progress: Progress
) -> dict[str, int]:
    """Run the tool to its end; how many nodes, relationships and properties it counts.

    It dies with this process, and holds the open file `lock` until then. Raises ServerError.
    """
    conf = home.path / "conf-import"
    conf.mkdir(exist_ok=True)
    limit = memory_limit()
    heap = size(launch.heap, "heap") if launch.heap else min(max(limit // 4, GIBIBYTE), 4 * GIBIBYTE)
    memory = Memory(heap=heap, page_cache=limit // 8)
    logs = home.logs / "import"
    shutil.rmtree(logs, ignore_errors=True)
    logs.mkdir()
    lines = settings(launch.version, data, home.path, memory=memory)
    lines["server.directories.logs"] = str(logs)
    write_text(conf / "neo4j.conf", "".join(f"{key}={value}\n" for key, value in lines.items()))
    options = [*java_options(memory, vector_module=False), "-cp", launch.class_path, ADMIN_CLASS]
    write_text(conf / "jvm.args", argument_file(options))
    arguments = ["database", "import", "full", files.database, "--id-type=string", "--bad-tolerance=0"]
    arguments += [f"--report-file={logs / 'import.report'}", f"--max-off-heap-memory={limit // 3}"]
    arguments += ["--array-delimiter=U+001F", "--verbose", *files.arguments()]
    if family(launch.version) > 5:
        arguments.append("--path-pattern-style=none")  # 5.26 has no such choice: there a name that exists wins
    said: list[str] = []
    step = ""
    os.set_inheritable(lock.fileno(), True)
    with subprocess.Popen(
        tethered.command(signal.SIGKILL, [launch.java, f"@{conf / 'jvm.args'}", *arguments]),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,  # not into a file: it could not be written on a full disk
        text=True,
        errors="replace",
        cwd=files.folder,
        env=java_environment() | {"NEO4J_HOME": str(home.path), "NEO4J_CONF": str(conf)},
        pass_fds=(lock.fileno(),),
    ) as tool:
        try:
            assert tool.stdout
            for line in tool.stdout:
                said.append(line)
                step = _report(line, step, progress)
        except BaseException:
            tool.kill()
            raise
    if tool.returncode:
        full = shutil.disk_usage(data).free < LEAST_ROOM
        remove_folder(data)
        write_text(logs / "import.log", "".join(said))
        raise _failure("".join(said), home, full)
    return {what: int(number) for number, what in COUNT.findall("".join(said))}


def _report(line: str, step: str, progress: Progress) -> str:
    """Turn a line of the tool's output into progress; returns the step that it is at now."""
    begins, percent, records = STEP.search(line), PERCENT.search(line), RECORDS.search(line)
    if begins:
        step = begins[1].strip()
        progress(STAGE, 0, None, step)
    elif percent:
        progress(STAGE, int(percent[1]), 100, step)
    elif records:
        progress(STAGE, float(records[1]) * 1000 ** " KMG".index(records[2] or " "), None, step)
    return step


def _failure(said: str, home: Home, full: bool) -> ServerError:
    """The error behind what the tool said."""
    undone = "it was undone, and the graph is as it was"
    if full or re.search(r"OutOfDiskSpace|out of disk space|No space left on device", said):
        return ServerError(
            f"the disk is full during the import: {undone}",
            where=home.path,
            next_step="make room (about three times the CSV files' size), or set state_dir to another disk",
        )
    if re.search(r"java\.lang\.OutOfMemoryError|Java heap space", said):
        return ServerError(
            f"the import ran out of memory: {undone}",
            where=home.logs / "import" / "import.log",
            next_step='set neo4j.heap (GENEREL_NEO4J_HEAP) to more, as "4g"',
        )
    found = next(filter(None, (re.search(pattern, said, re.MULTILINE) for pattern in REASONS)), None)
    causes = re.findall(r"^Caused by: (?:[\w.$]+: )*(.*)$", said, re.MULTILINE)
    lines = [line for line in said.splitlines() if line.strip() and not line.startswith("WARNING")]
    reason = found[1] if found else (causes or lines or ["it gave no reason"])[-1]
    reason = re.sub(r"^(?:Caused by: )?(?:[\w.$]+(?:Exception|Error): )*", "", reason.strip())
    return ServerError(
        f"Neo4j's import tool refused the files: {reason[:500]}; {undone}",
        where=home.logs / "import" / "import.log",
        next_step="see that log; `load` wrote these files, so please report it with this text",
    )
