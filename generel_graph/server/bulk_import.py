"""Bulk import of CSV files with neo4j-admin, into a new data folder that then replaces the old one."""

from __future__ import annotations

import logging
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
from generel_graph.server.home import Home, check_store, data_number, hold_lock, read_json, remove_folder, write_text
from generel_graph.server.launch import Launch
from generel_graph.server.lifecycle import ensure, find, home_of, prepare_launch, stop
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
    parse_size,
    settings,
)
from generel_graph.server.tethered import tethered_command

SWAP_ATTEMPTS = 3

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class ImportReport:
    """The counts of a bulk import, as Neo4j's import tool reports them."""

    seconds: float  # of the complete call, including the restart
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
    """Replace the private server's graph by CSV files. The server has the old or the new graph at any time.

    `nodes` maps labels ("SNP:Entity") to a header file followed by files of rows; `relationships` maps types to the
    same. Headers are those of neo4j-admin ("id:ID(Entity)", ":START_ID(Entity)", "synonyms:string[]"); list items are
    separated by ARRAY_DELIMITER; with `multiline`, texts may contain line breaks. The server uses the old graph until
    the import is complete; then the old graph is deleted without a question. Constraints and indexes are not created.
    Raises ServerError (for example for a full disk or an invalid row), which leaves the old graph unchanged, and
    BusyError while another import runs.
    """
    start = time.monotonic()
    home = home_of(config)
    home.create()
    check_store(home, config.neo4j.version)
    launch = prepare_launch(config, progress)
    with hold_lock(home.import_lock, "an import into this graph is running") as lock:
        for folder in home.data_folders():
            if data_number(folder) > data_number(home.data):
                remove_folder(folder)  # left by a killed import
        data = home.next_data()
        try:
            password = ensure_password(home)
            data.mkdir()
            set_initial_password(data, password)
            files = ImportFiles(config.neo4j.database, nodes, relationships, multiline)
            counts = run_import_tool(home, launch, data, files, lock, progress)
            write_text(data / "version", launch.version + "\n")
        except OSError as error:
            remove_folder(data)
            raise ServerError(
                f"a new data folder cannot be written: {error.strerror or error}; the graph is unchanged",
                where=error.filename or data,
                next_step="free space on that disk, or set state_dir to another disk",
            ) from error
        except BaseException:
            remove_folder(data)
            raise
        _switch_data(config, home, data, progress)
    logger.info("Bulk import into %s: %s", data, counts)
    return ImportReport(
        seconds=time.monotonic() - start,
        nodes=counts.get("nodes", 0),
        relationships=counts.get("relationships", 0),
        properties=counts.get("properties", 0),
    )


def _switch_data(config: Config, home: Home, data: Path, progress: Progress) -> None:
    """Restart the server with the new data folder, and delete the old one when the server answers."""
    old = home.data
    was_running = find(config) is not None
    write_text(home.current_file, data.name + "\n")
    try:
        for _ in range(SWAP_ATTEMPTS):  # another command may start the server between stop and start
            stop(config)
            ensure(config, progress)
            if (read_json(home.server_file) or {}).get("data") == data.name:
                break
        else:
            raise ServerError(
                "the server does not use the imported data folder",
                where=home.path,
                found=(read_json(home.server_file) or {}).get("data"),
                valid=[data.name],
                next_step="end other commands of this project, then try again",
            )
    except ServerError:
        logger.exception("The server cannot use the imported data folder: restoring %s", old.name)
        write_text(home.current_file, old.name + "\n")
        stop(config)
        if was_running:
            ensure(config, progress)
        remove_folder(data)
        raise
    for folder in home.data_folders():
        if folder != data:
            remove_folder(folder)


ARRAY_DELIMITER = "\x1f"  # separates the items of a list; no text of a vocabulary contains it
STAGE = "import into Neo4j"
FULL_DISK_BYTES = 1 << 20  # with less free space after a failure, the disk was full
COUNT = re.compile(r"^\s*(\d+) (nodes|relationships|properties)\s*$", re.MULTILINE)
STEP = re.compile(r"^\s*(?:\(\d/\d\) )?([^,\d(][^,(]*?),? (?:started )?\d{4}-\d\d-\d\d")  # of both versions
PERCENT = re.compile(r"(\d+)%")  # 5.26
RECORDS = re.compile(r"\]\s*([\d.]+)([KMG]?) ∆")  # 2026
REASONS = (  # the first pattern that matches gives the reason
    r"^(.*referring to missing node.*)$",
    r"^(.*(?:is defined more than once|[Dd]uplicat).*)$",
    r"original error: (.*)$",
    r"Command Failed\s*\n\s*(.*)$",
)


@dataclass(frozen=True, slots=True)
class ImportFiles:
    """The files of one import: a header file and files of rows for each combination of labels and each type."""

    database: str
    nodes: Mapping[str, Sequence[Path]]
    relationships: Mapping[str, Sequence[Path]]
    multiline: bool

    @property
    def folder(self) -> Path:
        """The common folder of all files."""
        groups = (self.nodes, self.relationships)
        parents = {str(p.absolute().parent) for group in groups for paths in group.values() for p in paths}
        return Path(os.path.commonpath(sorted(parents)))

    def arguments(self) -> list[str]:
        """The tool's options for the files. Names are relative, because a comma in a path would end the name."""
        options = ["--multiline-fields=true"] if self.multiline else []
        for option, groups in (("nodes", self.nodes), ("relationships", self.relationships)):
            for name, paths in groups.items():
                files = ",".join(f"./{p.absolute().relative_to(self.folder)}" for p in paths)
                options.append(f"--{option}={name}={files}" if name else f"--{option}={files}")
        return options


def run_import_tool(
    home: Home, launch: Launch, data: Path, files: ImportFiles, lock: IO[str], progress: Progress
) -> dict[str, int]:
    """Run neo4j-admin's import and return its counts of nodes, relationships and properties.

    The tool ends when this process ends, and holds the open file `lock` until then. Raises ServerError.
    """
    conf = home.path / "conf-import"
    conf.mkdir(exist_ok=True)
    limit = memory_limit()
    heap = parse_size(launch.heap, "heap") if launch.heap else min(max(limit // 4, GIBIBYTE), 4 * GIBIBYTE)
    memory = Memory(heap=heap, page_cache=limit // 8)
    logs = home.logs / "import"
    shutil.rmtree(logs, ignore_errors=True)
    logs.mkdir()
    values = settings(launch.version, data, home.path, memory=memory)
    values["server.directories.logs"] = str(logs)
    write_text(conf / "neo4j.conf", "".join(f"{key}={value}\n" for key, value in values.items()))
    options = [*java_options(memory, vector_module=False), "-cp", launch.class_path, ADMIN_CLASS]
    write_text(conf / "jvm.args", argument_file(options))
    arguments = ["database", "import", "full", files.database, "--id-type=string", "--bad-tolerance=0"]
    arguments += [f"--report-file={logs / 'import.report'}", f"--max-off-heap-memory={limit // 3}"]
    arguments += ["--array-delimiter=U+001F", "--verbose", *files.arguments()]
    if family(launch.version) > 5:
        arguments.append(
            "--path-pattern-style=none"
        )  # 5.26 has no such option: it prefers the name of an existing file
    lines: list[str] = []
    step = ""
    os.set_inheritable(lock.fileno(), True)
    with subprocess.Popen(
        tethered_command(signal.SIGKILL, [launch.java, f"@{conf / 'jvm.args'}", *arguments]),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,  # a file could not be written on a full disk
        text=True,
        errors="replace",
        cwd=files.folder,
        env=java_environment() | {"NEO4J_HOME": str(home.path), "NEO4J_CONF": str(conf)},
        pass_fds=(lock.fileno(),),
    ) as tool:
        try:
            assert tool.stdout
            for line in tool.stdout:
                lines.append(line)
                step = _report_progress(line, step, progress)
        except BaseException:
            tool.kill()
            raise
    output = "".join(lines)
    if tool.returncode:
        disk_is_full = shutil.disk_usage(data).free < FULL_DISK_BYTES
        remove_folder(data)
        write_text(logs / "import.log", output)
        raise _import_error(output, home, disk_is_full)
    return {kind: int(number) for number, kind in COUNT.findall(output)}


def _report_progress(line: str, step: str, progress: Progress) -> str:
    """Report the progress in a line of the tool's output; return the name of the current step."""
    step_start, percent, records = STEP.search(line), PERCENT.search(line), RECORDS.search(line)
    if step_start:
        step = step_start[1].strip()
        progress(STAGE, 0, None, step)
    elif percent:
        progress(STAGE, int(percent[1]), 100, step)
    elif records:
        progress(STAGE, float(records[1]) * 1000 ** " KMG".index(records[2] or " "), None, step)
    return step


def _import_error(output: str, home: Home, disk_is_full: bool) -> ServerError:
    """The error for a failed import, from the tool's output."""
    unchanged = "the import was undone and the graph is unchanged"
    if disk_is_full or re.search(r"OutOfDiskSpace|out of disk space|No space left on device", output):
        return ServerError(
            f"the disk is full: {unchanged}",
            where=home.path,
            next_step="free some space (about three times the size of the CSV files), or set state_dir to another disk",
        )
    if re.search(r"java\.lang\.OutOfMemoryError|Java heap space", output):
        return ServerError(
            f"the import ran out of memory: {unchanged}",
            where=home.logs / "import" / "import.log",
            next_step='set neo4j.heap (GENEREL_NEO4J_HEAP) to a larger size, such as "4g"',
        )
    match = next(filter(None, (re.search(pattern, output, re.MULTILINE) for pattern in REASONS)), None)
    causes = re.findall(r"^Caused by: (?:[\w.$]+: )*(.*)$", output, re.MULTILINE)
    lines = [line for line in output.splitlines() if line.strip() and not line.startswith("WARNING")]
    reason = match[1] if match else (causes or lines or ["no reason given"])[-1]
    reason = re.sub(r"^(?:Caused by: )?(?:[\w.$]+(?:Exception|Error): )*", "", reason.strip())
    return ServerError(
        f"Neo4j's import tool rejected the files: {reason[:500]}; {unchanged}",
        where=home.logs / "import" / "import.log",
        next_step="`load` wrote these files: please report this error and attach the log",
    )
