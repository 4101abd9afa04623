"""A private Neo4j from the outside: have one, find it, stop it, see how it does, start anew."""

from __future__ import annotations

import json
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
from generel_graph.server import log_messages as words
from generel_graph.server import processes
from generel_graph.server.class_cache import archive_path, use_option
from generel_graph.server.home import Home, check_store, holding, read_json, remove_folder
from generel_graph.server.jars.download import ensure_jars
from generel_graph.server.jars.manifest import class_path, damaged, jar_folder, read_list
from generel_graph.server.java import ensure_java
from generel_graph.server.launch import Launch, event_error
from generel_graph.server.password import USER
from generel_graph.server.settings import size

TRIES = 8  # starts that may be lost to kills and to other supervisors' ends
STOP_SECONDS = 120.0
ORPHAN_SECONDS = 10.0  # a JVM without its supervisor ends by itself in one second


@dataclass(frozen=True, slots=True)
class Server:
    """A private Neo4j that answers: where, and how to sign in."""

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
    """What a stop did."""

    was_running: bool
    seconds: float


@dataclass(frozen=True, slots=True)
class ServerStatus:
    """How the private server does; sizes in bytes, 0 where there is nothing."""

    server: Server | None  # None: not running
    version: str  # that the configuration asks for
    store_version: str  # that last opened the store; "" without one
    store_bytes: int
    heap_bytes: int
    page_cache_bytes: int
    resident_bytes: int
    clients: int
    bolt_port: int  # running, or kept for the next start
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
    """The running server, if its process lives and Bolt answers; asking counts as use."""
    home = home_of(config)
    home.touch()
    for _ in range(3):
        facts = read_json(home.server_file)
        if facts is None or not processes.bolt_answers(facts["bolt_port"]):
            return None
        # after the handshake: a process that was just killed still counts as alive for a moment
        if processes.named(facts, "supervisor") is None or processes.named(facts, "jvm") is None:
            return None
        if home.server_file.exists():  # else it was about to stop for idleness: look again
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
    """The private server, started if it does not run; two callers at once get one server.

    What is missing (jars, a Java) is brought first. A server of another version than the configured one is
    stopped and started anew. Raises ServerError, each with its next step: see the modules of this package.
    """
    server = find(config)
    if server and server.version == config.neo4j.version:
        return server
    home = home_of(config)
    home.make()
    check_store(home, config.neo4j.version)
    launch = prepare(config, progress)
    if server:
        stop(config)
    for attempt in range(TRIES):
        event = _start(home, launch, progress)
        if event is None:
            time.sleep(0.2 * (attempt + 1))  # the supervisor was killed: another one
        elif event["event"] == "error":
            raise _with_damage(config, event_error(event))
        elif event["event"] in ("busy", "stopped"):
            _wait_for_other(home, lambda: find(config) is not None, progress)
        server = find(config)
        if server:
            progress("start Neo4j", 1, 1, server.version)
            return server
    raise ServerError(
        f"no server came up in {TRIES} tries: each was ended from outside",
        where=home.path,
        next_step="see `generel-graph db logs` and logs/supervisor.log beside it",
    )


def prepare(config: Config, progress: Progress = silent) -> Launch:
    """Bring jars and Java, and say how to start; raises ServerError or ConfigError."""
    neo4j = config.neo4j
    for key, text in (("heap", neo4j.heap), ("page_cache", neo4j.page_cache)):
        if text:
            size(text, key)
    folder, jars = ensure_jars(config, neo4j.version, progress)
    java = ensure_java(config, neo4j.version, progress)
    path = class_path(folder, jars)
    archive = archive_path(folder, java, path)
    return Launch(
        version=neo4j.version,
        java=java.path,
        options=use_option(archive),
        archive=str(archive),
        class_path=path,
        vector_module=java.vector_module,
        heap=neo4j.heap,
        page_cache=neo4j.page_cache,
        bolt_port=neo4j.bolt_port,
        http_port=neo4j.http_port,
        browser=neo4j.browser,
        idle_minutes=neo4j.idle_minutes,
    )


def _start(home: Home, launch: Launch, progress: Progress) -> dict[str, Any] | None:
    """Start a supervisor and hear it out: its last event, or None if it was killed."""
    progress("start Neo4j", 0, None, launch.version)
    process = subprocess.Popen(
        [sys.executable, "-m", "generel_graph.server.supervisor", str(home.path)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        start_new_session=True,
    )
    assert process.stdin and process.stdout
    last: dict[str, Any] | None = None
    with process:
        process.stdin.write(launch.to_json() + "\n")
        process.stdin.close()
        for line in process.stdout:
            event = json.loads(line)
            if event["event"] == "starting":
                progress("start Neo4j", event["seconds"], None, launch.version)
            elif event["event"] == "upgrade":
                note = f"upgrading the store from {event['stored']} to {event['version']}: there is no way back"
                progress("start Neo4j", 0, None, note)
            else:
                last = event
    return last


def _wait_for_other(home: Home, ready: Callable[[], bool], progress: Progress) -> None:
    """Wait while another supervisor starts or ends; end a JVM whose supervisor is gone and that stays."""
    begun = time.monotonic()
    orphan_since = 0.0
    while not ready():
        known = read_json(home.processes_file)
        supervisor, jvm = processes.named(known, "supervisor"), processes.named(known, "jvm")
        if supervisor is None and jvm is None:
            time.sleep(0.2)
            return
        if supervisor is None and jvm is not None:
            orphan_since = orphan_since or time.monotonic()
            if time.monotonic() - orphan_since > ORPHAN_SECONDS:
                os.kill(jvm, signal.SIGTERM)
                orphan_since = 0.0
        progress("start Neo4j", time.monotonic() - begun, None, "another command is at it")
        time.sleep(0.2)


def _with_damage(config: Config, error: ServerError) -> ServerError:
    """The error of a failed start, or a better one if the cache's jars are damaged."""
    if "ended at its start" not in error.what:
        return error
    found = damaged(jar_folder(config, config.neo4j.version), read_list(config.neo4j.version))
    if not found:
        return error
    return ServerError(
        f"damaged jars of the cache are removed: {', '.join(jar.name for jar in found[:9])}",
        where=jar_folder(config, config.neo4j.version),
        next_step="try again: they are brought anew",
    )


def stop(config: Config) -> StopReport:
    """Stop the server cleanly, whether it is ready or still starting; nothing happens if there is none."""
    home = home_of(config)
    begun = time.monotonic()
    was_running = False
    while time.monotonic() - begun < STOP_SECONDS:
        known = read_json(home.processes_file)
        supervisor, jvm = processes.named(known, "supervisor"), processes.named(known, "jvm")
        pid = supervisor or jvm
        if pid is None:
            return StopReport(was_running, time.monotonic() - begun)
        if not was_running:
            was_running = True
            try:
                os.kill(pid, signal.SIGTERM)
            except ProcessLookupError:
                continue
        time.sleep(0.05)
    raise ServerError(
        f"the server did not end within {STOP_SECONDS:.0f} s",
        where=home.path,
        next_step="see `generel-graph db logs`; its pids are in processes.json in this folder",
    )


def status(config: Config) -> ServerStatus:
    """How the server does; does not start one."""
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
        clients=processes.connections(facts["bolt_port"], server.jvm_pid) if server else 0,
        bolt_port=facts.get("bolt_port") or ports.get("bolt", 0),
        http_port=facts.get("http_port") or ports.get("http", 0),
        idle_minutes=facts.get("idle_minutes", config.neo4j.idle_minutes),
        java=facts.get("java", ""),
        jars=jar_folder(config, config.neo4j.version),
        logs=home.logs,
        password_file=home.password_file,
    )


def logs(config: Config, lines: int = 20) -> list[str]:
    """The last errors and warnings of the server, with what they mean where that is known."""
    return words.last_errors(home_of(config).logs, lines)


def reset(config: Config) -> list[Path]:
    """Delete the store, password and ports; the folders that went. Raises BusyError while a server runs."""
    home = home_of(config)
    if not home.path.exists():
        return []
    busy = "the server runs: its store cannot be deleted"
    try:
        with holding(home.lock, busy), holding(home.import_lock, "a bulk import is at work"):
            gone = home.data_folders()
            home.current_file.unlink(missing_ok=True)
            home.server_file.unlink(missing_ok=True)
            for folder in gone:
                remove_folder(folder)
            home.password_file.unlink(missing_ok=True)
            return gone
    except BusyError as error:
        raise BusyError(error.what, where=error.where, next_step="`generel-graph db stop`, then again") from None
