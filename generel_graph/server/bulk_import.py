"""Fill an empty graph from CSV in one go: into a new data folder, which then takes the old one's place."""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from generel_etl.errors import ServerError
from generel_etl.progress import Progress, silent
from generel_graph.config import Config
from generel_graph.server import tethered
from generel_graph.server.home import Home, check_store, data_number, holding, read_json, remove_folder, write_text
from generel_graph.server.launch import Launch
from generel_graph.server.lifecycle import ensure, find, home_of, prepare, stop
from generel_graph.server.password import ensure_password, set_initial_password
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

SWAP_TRIES = 3


@dataclass(frozen=True, slots=True)
class ImportReport:
    """What a bulk import brought, as Neo4j's own tool counts it."""

    seconds: float  # of the whole call, the restart included
    nodes: int
    relationships: int
    properties: int


def bulk_import(
    config: Config,
    nodes: Mapping[str, Sequence[Path]],
    relationships: Mapping[str, Sequence[Path]],
    progress: Progress = silent,
    *,
    multiline: bool = True,
) -> ImportReport:
    """Replace the private server's graph by CSV files; at any moment the old or the new graph is whole.

    `nodes`: labels ("SNP:Entity") to a header file and files of rows; `relationships`: type to the same.
    Headers as neo4j-admin's ("id:ID(Entity)", ":START_ID(Entity)", "synonyms:string[]"); lists are joined
    with ARRAY_DELIMITER; `multiline`: a text may hold line breaks. The old graph is served until the new one
    is whole, then goes: the caller decides whether it may. Constraints and indexes come afterwards.
    Raises ServerError (a full disk, a row that does not fit) with the old graph as it was, and BusyError
    beside another import.
    """
    begun = time.monotonic()
    home = home_of(config)
    home.make()
    check_store(home, config.neo4j.version)
    launch = prepare(config, progress)
    with holding(home.import_lock, "an import into this graph is at work") as lock:
        for left in home.data_folders():
            if data_number(left) > data_number(home.data):
                remove_folder(left)  # what a killed import left
        data = home.next_data()
        try:
            password = ensure_password(home)
            data.mkdir()
            set_initial_password(data, password)
            files = ImportFiles(config.neo4j.database, nodes, relationships, multiline)
            counts = run(home, launch, data, files, lock, progress)
            write_text(data / "version", launch.version + "\n")
        except OSError as error:
            remove_folder(data)
            raise ServerError(
                f"no new data folder can be written: {error.strerror or error}; the graph is as it was",
                where=error.filename or data,
                next_step="make room on that disk, or set state_dir to another one",
            ) from error
        except BaseException:
            remove_folder(data)
            raise
        _swap(config, home, data, progress)
    return ImportReport(
        seconds=time.monotonic() - begun,
        nodes=counts.get("nodes", 0),
        relationships=counts.get("relationships", 0),
        properties=counts.get("properties", 0),
    )


def _swap(config: Config, home: Home, data: Path, progress: Progress) -> None:
    """Serve the new folder, and remove the old one after the first good answer."""
    old = home.data
    served = find(config) is not None
    write_text(home.current_file, data.name + "\n")
    try:
        for _ in range(SWAP_TRIES):  # another command may start the server between our stop and our start
            stop(config)
            ensure(config, progress)
            if (read_json(home.server_file) or {}).get("data") == data.name:
                break
        else:
            raise ServerError(
                "the server does not take the imported data folder",
                where=home.path,
                found=(read_json(home.server_file) or {}).get("data"),
                valid=[data.name],
                next_step="end other commands of this project, then try again",
            )
    except ServerError:
        write_text(home.current_file, old.name + "\n")
        stop(config)
        if served:
            ensure(config, progress)
        remove_folder(data)
        raise
    for folder in home.data_folders():
        if folder != data:
            remove_folder(folder)


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
