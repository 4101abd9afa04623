"""The process that runs one private server: it holds the lock, starts the JVM and stops it when it is idle.

Run as `python -m generel_graph.server.supervisor HOME` with a `Launch` on standard input. It forks away from its
caller and writes one JSON event per line to standard output until the server is ready or has failed. It writes a log
to logs/supervisor.log.
"""

from __future__ import annotations

import json
import logging
import os
import select
import signal
import socket
import subprocess
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType
from typing import IO, Any

from generel_etl.errors import ServerError
from generel_graph.server import processes
from generel_graph.server.home import (
    Home,
    check_store,
    data_number,
    read_json,
    remove_folder,
    try_lock,
    write_json,
    write_text,
)
from generel_graph.server.launch import STARTUP_FAILED, Launch, create_class_cache_in_background, error_to_event
from generel_graph.server.log_messages import PORT_TAKEN, startup_failure
from generel_graph.server.password import USER, ensure_password, set_initial_password, wrong_password_error
from generel_graph.server.settings import (
    MAIN_CLASS,
    Memory,
    argument_file,
    family,
    java_environment,
    java_options,
    settings,
    size_memory,
)
from generel_graph.server.tethered import tethered_command

START_SECONDS = 900.0  # an upgrade or a recovery may take minutes
STOP_SECONDS = 90.0
PORT_ATTEMPTS = 4
POLL_SECONDS = 2.0  # between two checks for clients

logger = logging.getLogger(__name__)


class StopRequested(Exception):
    """A signal asked the supervisor to stop."""


@dataclass(slots=True)
class Supervisor:
    """Runs one server; the caller holds the lock of its home."""

    home: Home
    launch: Launch
    lock: IO[str]
    wake: socket.socket  # readable after any signal: the JVM ended, or a stop was requested
    stopping: bool = False
    jvm: subprocess.Popen[bytes] | None = None
    bolt: int = 0
    http: int = 0
    stop_seconds: float = STOP_SECONDS  # before the JVM is killed
    facts: dict[str, Any] = field(default_factory=dict)

    def run(self) -> None:
        """Start the server, wait until it ends, is idle or a stop is requested, and stop it."""
        self.home.server_file.unlink(missing_ok=True)
        data, memory, upgraded_from = self.start()
        self.facts = self._facts(data, memory, upgraded_from)
        self.home.mark_used()
        write_json(self.home.server_file, self.facts)
        send_event("ready", upgraded_from=upgraded_from)
        close_event_pipe()
        logger.info("Neo4j %s is ready on port %d (process %d)", self.launch.version, self.bolt, self.facts["jvm"])
        create_class_cache_in_background(self.launch)
        self._remove_older_data(data)
        try:
            self._wait_while_used()
        finally:
            self.home.server_file.unlink(missing_ok=True)
            self.stop()
            logger.info("Neo4j is stopped")

    def start(self) -> tuple[Path, Memory, str]:
        """Start the JVM and wait until it answers; return the data folder, the memory and the version upgraded from."""
        self._write_processes()
        data = self.home.data
        self._remove_unfinished_imports(data)
        upgraded_from = check_store(self.home, self.launch.version)
        if upgraded_from:
            logger.info("Upgrading the store from Neo4j %s to %s", upgraded_from, self.launch.version)
            send_event("upgrade", stored=upgraded_from, version=self.launch.version)
        password = ensure_password(self.home)
        if not self.home.has_store():
            set_initial_password(data, password)
        if not self.home.current_file.exists():
            write_text(self.home.current_file, data.name + "\n")
        memory = size_memory(self.home.store_bytes(), self.launch.heap, self.launch.page_cache)
        write_text(data / "version", self.launch.version + "\n")
        self._start_on_free_ports(data, memory, password)
        return data, memory, upgraded_from

    def _facts(self, data: Path, memory: Memory, upgraded_from: str) -> dict[str, Any]:
        """The content of server.json, which clients read."""
        assert self.jvm is not None
        return {
            "version": self.launch.version,
            "uri": f"bolt://{processes.LOOPBACK}:{self.bolt}",
            "http_port": self.http,
            "bolt_port": self.bolt,
            "supervisor": os.getpid(),
            "supervisor_born": processes.start_time(os.getpid()),
            "jvm": self.jvm.pid,
            "jvm_born": processes.start_time(self.jvm.pid),
            "started": time.time(),
            "data": data.name,
            "heap": memory.heap,
            "page_cache": memory.page_cache,
            "idle_minutes": self.launch.idle_minutes,
            "java": self.launch.java,
            "upgraded_from": upgraded_from,
        }

    def _start_on_free_ports(self, data: Path, memory: Memory, password: str) -> None:
        """Start the JVM and wait until it answers; use other ports if another program takes them meanwhile."""
        for attempt in range(1, PORT_ATTEMPTS + 1):
            self.bolt = self._choose_port("bolt", self.launch.bolt_port)
            self.http = self._choose_port("http", self.launch.http_port) if self.launch.browser else 0
            self._start_jvm(data, memory)
            if self._wait_until_ready(password):
                ports = {"bolt": self.bolt} | ({"http": self.http} if self.http else {})
                write_json(self.home.ports_file, self._last_ports() | ports)
                return
            reason = startup_failure(self.home.logs)
            logger.error("Neo4j %s failed to start: %s", self.launch.version, reason)
            if PORT_TAKEN in reason and attempt < PORT_ATTEMPTS:
                continue
            raise ServerError(
                f"Neo4j {self.launch.version} {STARTUP_FAILED}: {reason}",
                where=self.home.logs / "neo4j.log",
                next_step="see `generel-graph db logs`; if the heap is too small, set neo4j.heap; if the disk is full,"
                " free some space; then try again",
            )

    def _last_ports(self) -> dict[str, Any]:
        return read_json(self.home.ports_file) or {}

    def _choose_port(self, name: str, configured: int) -> int:
        """The configured port, else that of the last start if it is free, else any free port."""
        if configured:
            if not processes.port_is_free(configured):
                raise ServerError(
                    "another program is using this port",
                    where=f"neo4j.{name}_port",
                    found=configured,
                    next_step=f"end that program, or set neo4j.{name}_port to another port (0: any free port)",
                )
            return configured
        last = int(self._last_ports().get(name, 0))
        return last if last and processes.port_is_free(last) else processes.find_free_port()

    def _start_jvm(self, data: Path, memory: Memory) -> None:
        launch, home = self.launch, self.home
        values = settings(launch.version, data, home.path, memory=memory, bolt=self.bolt, http=self.http)
        write_text(home.conf / "neo4j.conf", "".join(f"{key}={value}\n" for key, value in values.items()))
        arguments = [*java_options(memory, vector_module=launch.vector_module), *launch.options]
        arguments += ["-cp", launch.class_path, MAIN_CLASS[family(launch.version)]]
        arguments += [f"--home-dir={home.path}", f"--config-dir={home.conf}"]
        write_text(home.conf / "jvm.args", argument_file(arguments))
        for name in ("console.log", "neo4j.log"):
            log = home.logs / name
            if log.exists():
                log.replace(log.with_suffix(".log.1"))
        os.set_inheritable(self.lock.fileno(), True)
        with (home.logs / "console.log").open("wb") as console:
            self.jvm = subprocess.Popen(
                tethered_command(signal.SIGTERM, [launch.java, f"@{home.conf / 'jvm.args'}"]),
                stdin=subprocess.DEVNULL,
                stdout=console,
                stderr=subprocess.STDOUT,
                cwd=home.path,
                env=java_environment(),
                pass_fds=(self.lock.fileno(),),
            )
        self._write_processes()

    def _wait_until_ready(self, password: str) -> bool:
        """Wait until the server answers an authenticated statement; False if the JVM ended first."""
        start = time.monotonic()
        reported = 0.0
        while not processes.bolt_answers(self.bolt, 1.0):
            if self._has_ended():
                return False
            waited = time.monotonic() - start
            if waited > START_SECONDS:
                self.stop()
                raise ServerError(
                    f"Neo4j did not answer within {START_SECONDS:.0f} s",
                    where=self.home.logs / "neo4j.log",
                    next_step="see `generel-graph db logs`, then try again",
                )
            if waited - reported >= 1:
                reported = waited
                send_event("starting", seconds=waited)
            self._pause(0.1)
        return self._authenticate(password)

    def _authenticate(self, password: str) -> bool:
        from neo4j import GraphDatabase
        from neo4j.exceptions import AuthError, DriverError, Neo4jError

        uri = f"bolt://{processes.LOOPBACK}:{self.bolt}"
        with GraphDatabase.driver(uri, auth=(USER, password), telemetry_disabled=True) as driver:
            while not self._has_ended():
                try:
                    driver.execute_query("RETURN 1", database_="neo4j")
                    return True
                except AuthError as error:
                    self.stop()
                    raise wrong_password_error(self.home) from error
                except (DriverError, Neo4jError):
                    self._pause(0.2)
        return False

    def _wait_while_used(self) -> None:
        """Return when the JVM has ended, a stop is requested, the folder was deleted, or the server is idle."""
        assert self.jvm is not None
        limit = self.launch.idle_minutes * 60
        poll_seconds = min(POLL_SECONDS, limit / 4) if limit > 0 else POLL_SECONDS
        last_used = time.time()
        inode = os.fstat(self.lock.fileno()).st_ino
        while not self._has_ended():
            try:
                self._pause(poll_seconds)
                if self.home.lock.stat().st_ino != inode:
                    logger.info("The folder of the server was replaced")
                    return
            except StopRequested:
                logger.info("A stop was requested")
                return
            except FileNotFoundError:
                return  # the folder was deleted, and the log with it
            if processes.count_clients(self.bolt, self.jvm.pid):
                last_used = time.time()
            last_used = max(last_used, self._last_request())
            if limit > 0 and time.time() - last_used >= limit and self._withdraw(last_used):
                logger.info("The server was idle for %g minutes", self.launch.idle_minutes)
                return
        logger.error("Neo4j ended: %s", startup_failure(self.home.logs))

    def _withdraw(self, last_used: float) -> bool:
        """Remove server.json, so that clients no longer find the server; restore it and return False if one came."""
        assert self.jvm is not None
        self.home.server_file.unlink(missing_ok=True)
        if self._last_request() <= last_used and not processes.count_clients(self.bolt, self.jvm.pid):
            return True
        write_json(self.home.server_file, self.facts)
        return False

    def _last_request(self) -> float:
        try:
            return self.home.used_file.stat().st_mtime
        except FileNotFoundError:
            return 0.0

    def stop(self) -> None:
        """Terminate the JVM; kill it if it does not end within `stop_seconds`."""
        if self.jvm is None or self.jvm.poll() is not None:
            return
        self.jvm.terminate()
        deadline = time.monotonic() + self.stop_seconds
        while self.jvm.poll() is None and time.monotonic() < deadline:
            select.select([self.wake], [], [], 0.5)
            self._drain_wake()
        if self.jvm.poll() is None:
            logger.warning("Neo4j did not stop within %g s: killing it", self.stop_seconds)
            self.jvm.kill()
            self.jvm.wait()

    def _has_ended(self) -> bool:
        return self.jvm is not None and self.jvm.poll() is not None

    def _pause(self, seconds: float) -> None:
        """Sleep for `seconds` or until a signal; raises StopRequested if a stop was requested."""
        if not self.stopping:
            select.select([self.wake], [], [], seconds)
            self._drain_wake()
        if self.stopping:
            raise StopRequested

    def _drain_wake(self) -> None:
        try:
            self.wake.recv(4096)
        except BlockingIOError:
            return

    def _write_processes(self) -> None:
        jvm = self.jvm.pid if self.jvm else 0
        write_json(
            self.home.processes_file,
            {
                "supervisor": os.getpid(),
                "supervisor_born": processes.start_time(os.getpid()),
                "jvm": jvm,
                "jvm_born": processes.start_time(jvm) if jvm else 0.0,
            },
        )

    def _remove_unfinished_imports(self, data: Path) -> None:
        """Delete the data folders of killed imports, whose number is higher than that of the current folder."""
        self._remove_folders([p for p in self.home.data_folders() if data_number(p) > data_number(data)])

    def _remove_older_data(self, data: Path) -> None:
        """Delete the data folders from before the last import, now that the server answers with the new one."""
        self._remove_folders([p for p in self.home.data_folders() if data_number(p) < data_number(data)])

    def _remove_folders(self, folders: list[Path]) -> None:
        folders += self.home.path.glob("trash-*")
        lock = try_lock(self.home.import_lock) if folders else None
        if lock is None:
            return  # a running import uses these folders and deletes them itself
        with lock:
            for folder in folders:
                remove_folder(folder)


def send_event(event: str, **values: Any) -> None:
    """Write an event for the client that started this process; the client may have ended."""
    try:
        os.write(1, (json.dumps({"event": event, **values}) + "\n").encode())
    except OSError:
        return


def close_event_pipe() -> None:
    """Close the pipe to the client, which reads events until it is closed."""
    null = os.open(os.devnull, os.O_RDWR)
    os.dup2(null, 1)
    os.close(null)


def main(arguments: list[str]) -> None:
    """Fork away from the client, acquire the lock and run the server; send "busy" if the lock is held."""
    home = Home(Path(arguments[1]))
    launch = Launch.from_json(sys.stdin.readline())
    if os.fork():
        os._exit(0)  # so that the client has no child process to wait for
    log = os.open(home.logs / "supervisor.log", os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
    null = os.open(os.devnull, os.O_RDONLY)
    os.dup2(null, 0)
    os.dup2(log, 2)
    # This is the main program of a process of its own, so it configures logging; importing the module does not.
    logging.basicConfig(stream=sys.stderr, level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s")
    lock = try_lock(home.lock)
    if lock is None:
        send_event("busy")
        return
    reader, writer = socket.socketpair()
    reader.setblocking(False)
    writer.setblocking(False)
    supervisor = Supervisor(home, launch, lock, reader)

    def on_signal(number: int, _frame: FrameType | None) -> None:
        if number != signal.SIGCHLD:
            supervisor.stopping = True

    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGCHLD):
        signal.signal(number, on_signal)
    signal.set_wakeup_fd(writer.fileno(), warn_on_full_buffer=False)
    try:
        supervisor.run()
    except ServerError as error:
        logger.error("%s", error.message)
        send_event(**error_to_event(error))
    except StopRequested:
        supervisor.stop()
        logger.info("Stopped during the start")
        send_event("stopped")
    except OSError as error:
        supervisor.stop()
        logger.exception("The server cannot be started")
        send_event(**error_to_event(ServerError(f"the server cannot be started: {error}", where=home.path)))


if __name__ == "__main__":
    main(sys.argv)
