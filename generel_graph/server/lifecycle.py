"""Manage the private server from a client: start, find, stop, status, logs, reset."""

from __future__ import annotations

import json
import logging
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from generel_etl.errors import BusyError, ServerError
from generel_etl.progress import Progress, silent
from generel_graph.config import Config
from generel_graph.server import processes
from generel_graph.server.class_cache import class_cache_path, read_options
from generel_graph.server.home import Home, check_store, hold_lock, read_json, remove_folder
from generel_graph.server.jars.download import ensure_jars
from generel_graph.server.jars.manifest import class_path, jar_folder, read_jar_list, remove_damaged_jars
from generel_graph.server.java import ensure_java
from generel_graph.server.launch import STARTUP_FAILED, Launch, event_to_error
from generel_graph.server.log_messages import last_errors
from generel_graph.server.password import USER
from generel_graph.server.settings import parse_size

ATTEMPTS = 8  # of a start: supervisors may be killed, or another supervisor may be stopping
STOP_SECONDS = 120.0
ORPHAN_SECONDS = 10.0  # a JVM whose supervisor has ended normally ends within one second
STAGE = "start Neo4j"

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Server:
    """A running private server: its address and credentials."""

    uri: str  # bolt://127.0.0.1:port
    user: str
    password_file: Path  # mode 0600
    http_url: str  # of Neo4j Browser, with address and user filled in; "" without Browser
    version: str
    home: Path
    pid: int  # of the supervisor
    jvm_pid: int
    started: float  # seconds since the epoch
    upgraded_from: str  # the older version whose store this start upgraded; "" if none

    @property
    def password(self) -> str:
        """The password, read from its file."""
        return self.password_file.read_text(encoding="utf-8").strip()


@dataclass(frozen=True, slots=True)
class StopReport:
    """The result of stopping the server."""

    was_running: bool
    seconds: float


@dataclass(frozen=True, slots=True)
class ServerStatus:
    """The state of the private server; sizes are in bytes, 0 if not applicable."""

    server: Server | None  # None: not running
    version: str  # configured
    store_version: str  # the version that last opened the store; "" without a store
    store_bytes: int
    heap_bytes: int
    page_cache_bytes: int
    resident_bytes: int
    clients: int
    bolt_port: int  # current, or reserved for the next start
    http_port: int
    idle_minutes: float
    java: str
    jars: Path
    logs: Path
    password_file: Path


def home_of(config: Config) -> Home:
    """The private server's folder, `<state>/neo4j`."""
    return Home(config.state / "neo4j")


def find(config: Config) -> Server | None:
    """The running server, if its processes live and Bolt answers; the call restarts the idle time."""
    home = home_of(config)
    home.mark_used()
    for _ in range(3):
        facts = read_json(home.server_file)
        if facts is None or not processes.bolt_answers(facts["bolt_port"]):
            return None
        # checked after the handshake, because a process that was just killed counts as alive for a moment
        if processes.live_pid(facts, "supervisor") is None or processes.live_pid(facts, "jvm") is None:
            return None
        if home.server_file.exists():  # otherwise the server was about to stop because it was idle: check again
            return _server(home, facts)
    return None


def _server(home: Home, facts: dict[str, Any]) -> Server:
    port = facts["http_port"]
    address = f"bolt://{USER}@{processes.LOOPBACK}:{facts['bolt_port']}"
    return Server(
        uri=facts["uri"],
        user=USER,
        password_file=home.password_file,
        http_url=f"http://{processes.LOOPBACK}:{port}/browser/?dbms={address}" if port else "",
        version=facts["version"],
        home=home.path,
        pid=facts["supervisor"],
        jvm_pid=facts["jvm"],
        started=facts["started"],
        upgraded_from=facts["upgraded_from"],
    )


def ensure(config: Config, progress: Progress = silent) -> Server:
    """Start the private server unless it is running; concurrent callers get the same server.

    Missing jars and a missing Java are downloaded first. A server of another version than the configured one is
    stopped and the configured version is started. Raises ServerError or ConfigError.
    """
    server = find(config)
    if server and server.version == config.neo4j.version:
        return server
    home = home_of(config)
    home.create()
    check_store(home, config.neo4j.version)
    launch = prepare_launch(config, progress)
    if server:
        stop(config)
    for attempt in range(ATTEMPTS):
        event = _start(home, launch, progress)
        if event is None:
            logger.warning("The supervisor ended without a report; attempt %d of %d", attempt + 1, ATTEMPTS)
            time.sleep(0.2 * (attempt + 1))
        elif event["event"] == "error":
            raise _explain_damaged_jars(config, event_to_error(event))
        elif event["event"] in ("busy", "stopped"):
            _wait_for_other(home, lambda: find(config) is not None, progress)
        server = find(config)
        if server:
            progress(STAGE, 1, 1, server.version)
            logger.info("Neo4j %s is running at %s", server.version, server.uri)
            return server
    raise ServerError(
        f"the server did not start in {ATTEMPTS} attempts: another program ended it each time",
        where=home.path,
        next_step="see `generel-graph db logs` and the file logs/supervisor.log in this folder",
    )


def prepare_launch(config: Config, progress: Progress = silent) -> Launch:
    """Download missing jars and Java, and return the launch; raises ServerError or ConfigError."""
    neo4j = config.neo4j
    for key, text in (("heap", neo4j.heap), ("page_cache", neo4j.page_cache)):
        if text:
            parse_size(text, key)
    folder, jars = ensure_jars(config, neo4j.version, progress)
    java = ensure_java(config, neo4j.version, progress)
    jar_path = class_path(folder, jars)
    class_cache = class_cache_path(folder, java, jar_path)
    return Launch(
        version=neo4j.version,
        java=java.path,
        options=read_options(class_cache),
        class_cache=str(class_cache),
        class_path=jar_path,
        vector_module=java.vector_module,
        heap=neo4j.heap,
        page_cache=neo4j.page_cache,
        bolt_port=neo4j.bolt_port,
        http_port=neo4j.http_port,
        browser=neo4j.browser,
        idle_minutes=neo4j.idle_minutes,
    )


def _start(home: Home, launch: Launch, progress: Progress) -> dict[str, Any] | None:
    """Start a supervisor and read its events; return the last one, or None if the supervisor was killed."""
    progress(STAGE, 0, None, launch.version)
    process = subprocess.Popen(
        [sys.executable, "-m", "generel_graph.server.supervisor", str(home.path)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        start_new_session=True,
    )
    assert process.stdin
    assert process.stdout
    last: dict[str, Any] | None = None
    with process:
        process.stdin.write(launch.to_json() + "\n")
        process.stdin.close()
        for line in process.stdout:
            event = json.loads(line)
            if event["event"] == "starting":
                progress(STAGE, event["seconds"], None, launch.version)
            elif event["event"] == "upgrade":
                note = f"upgrading the store from {event['stored']} to {event['version']}, which cannot be undone"
                progress(STAGE, 0, None, note)
                logger.info("Upgrading the store from Neo4j %s to %s", event["stored"], event["version"])
            else:
                last = event
    return last


def _wait_for_other(home: Home, is_ready: Callable[[], bool], progress: Progress) -> None:
    """Wait while another supervisor starts or stops; end a JVM that runs on after its supervisor has ended."""
    start = time.monotonic()
    orphan_since = 0.0
    while not is_ready():
        record = read_json(home.processes_file)
        supervisor, jvm = processes.live_pid(record, "supervisor"), processes.live_pid(record, "jvm")
        if supervisor is None and jvm is None:
            time.sleep(0.2)
            return
        if supervisor is None and jvm is not None:
            orphan_since = orphan_since or time.monotonic()
            if time.monotonic() - orphan_since > ORPHAN_SECONDS:
                logger.warning("Ending the JVM %d, whose supervisor has ended", jvm)
                os.kill(jvm, signal.SIGTERM)
                orphan_since = 0.0
        progress(STAGE, time.monotonic() - start, None, "waiting for another command that starts or stops it")
        time.sleep(0.2)


def _explain_damaged_jars(config: Config, error: ServerError) -> ServerError:
    """The error of a failed start; if jars in the cache are damaged, delete them and return an error that says so."""
    if STARTUP_FAILED not in error.what:
        return error
    folder = jar_folder(config, config.neo4j.version)
    damaged = remove_damaged_jars(folder, read_jar_list(config.neo4j.version))
    if not damaged:
        return error
    names = ", ".join(jar.name for jar in damaged[:9])
    logger.warning("Deleted damaged jars: %s", names)
    return ServerError(
        f"the cache contained damaged jars, which were deleted: {names}",
        where=folder,
        next_step="run the command again: it downloads them",
    )


def stop(config: Config) -> StopReport:
    """Stop the server, whether it is ready or still starting; do nothing if it does not run."""
    home = home_of(config)
    start = time.monotonic()
    was_running = False
    while time.monotonic() - start < STOP_SECONDS:
        record = read_json(home.processes_file)
        supervisor, jvm = processes.live_pid(record, "supervisor"), processes.live_pid(record, "jvm")
        pid = supervisor or jvm
        if pid is None:
            if was_running:
                logger.info("Neo4j is stopped: %s", home.path)
            return StopReport(was_running, time.monotonic() - start)
        if not was_running:
            was_running = True
            try:
                os.kill(pid, signal.SIGTERM)
            except ProcessLookupError:
                continue
        time.sleep(0.05)
    raise ServerError(
        f"the server did not stop within {STOP_SECONDS:.0f} s",
        where=home.path,
        next_step="see `generel-graph db logs`; the file processes.json in this folder has the process ids",
    )


def status(config: Config) -> ServerStatus:
    """The state of the server; does not start it."""
    home = home_of(config)
    server = find(config)
    facts = (read_json(home.server_file) if server else None) or {}
    ports = read_json(home.ports_file) or {}
    return ServerStatus(
        server=server,
        version=config.neo4j.version,
        store_version=home.store_version() or "",
        store_bytes=home.store_bytes(),
        heap_bytes=facts.get("heap", 0),
        page_cache_bytes=facts.get("page_cache", 0),
        resident_bytes=processes.resident_bytes(server.jvm_pid) if server else 0,
        clients=processes.count_clients(facts["bolt_port"], server.jvm_pid) if server else 0,
        bolt_port=facts.get("bolt_port") or ports.get("bolt", 0),
        http_port=facts.get("http_port") or ports.get("http", 0),
        idle_minutes=facts.get("idle_minutes", config.neo4j.idle_minutes),
        java=facts.get("java", ""),
        jars=jar_folder(config, config.neo4j.version),
        logs=home.logs,
        password_file=home.password_file,
    )


def logs(config: Config, lines: int = 20) -> list[str]:
    """The last errors and warnings of the server, with explanations of known errors."""
    return last_errors(home_of(config).logs, lines)


def reset(config: Config) -> list[Path]:
    """Delete the stores and the password; return the deleted data folders. Raises BusyError while the server runs."""
    home = home_of(config)
    if not home.path.exists():
        return []
    busy = "the server is running: its store cannot be deleted"
    try:
        with hold_lock(home.lock, busy), hold_lock(home.import_lock, "a bulk import is running"):
            folders = home.data_folders()
            home.current_file.unlink(missing_ok=True)
            home.server_file.unlink(missing_ok=True)
            for folder in folders:
                remove_folder(folder)
            home.password_file.unlink(missing_ok=True)
            logger.info("Deleted the store: %s", home.path)
            return folders
    except BusyError as error:
        raise BusyError(
            error.what, where=error.where, next_step="run `generel-graph db stop`, then try again"
        ) from None
