"""The process that owns one private Neo4j: lock, start, readiness, idle clock, clean stop.

Run as `python -m generel_graph.server.supervisor HOME` with a `Launch` on standard input; it leaves its
caller's session, and tells one JSON event a line on standard output until the server is ready or has failed.
"""

from __future__ import annotations

import json
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
from generel_graph.server import processes, tethered
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
from generel_graph.server.launch import Launch, error_event, make_in_background
from generel_graph.server.log_messages import why_it_died
from generel_graph.server.password import USER, ensure_password, set_initial_password, wrong_password
from generel_graph.server.settings import (
    MAIN_CLASS,
    Memory,
    argument_file,
    family,
    java_environment,
    java_options,
    settings,
    sized,
)

START_SECONDS = 900.0  # an upgrade or a recovery may take minutes
STOP_SECONDS = 90.0
PORT_TRIES = 4
TICK = 2.0  # seconds between two looks at the connections


class Stopped(Exception):
    """Somebody asked the supervisor to end."""


@dataclass(slots=True)
class Supervisor:
    """One server's life, from the lock to the clean stop."""

    home: Home
    launch: Launch
    lock: IO[str]
    wake: socket.socket  # readable after any signal: a child ended, or an end was asked for
    stopping: bool = False
    jvm: subprocess.Popen[bytes] | None = None
    bolt: int = 0
    http: int = 0
    patience: float = STOP_SECONDS  # for the JVM to end, before force
    facts: dict[str, Any] = field(default_factory=dict)

    def run(self) -> None:
        """Start the server, keep it until it is idle or told to stop, end it."""
        self.home.server_file.unlink(missing_ok=True)
        data, memory, upgraded_from = self.start()
        self.facts = self._facts(data, memory, upgraded_from)
        self.home.touch()
        write_json(self.home.server_file, self.facts)
        tell("ready", upgraded_from=upgraded_from)
        stop_telling()
        make_in_background(self.launch)
        self._clear_old(data)
        try:
            self._serve()
        finally:
            self.home.server_file.unlink(missing_ok=True)
            self.stop()

    def start(self) -> tuple[Path, Memory, str]:
        """Start the JVM and wait for its first answer: the data folder, memory, the version upgraded from."""
        self._write_processes()
        data = self.home.data
        self._clear_unfinished(data)
        upgraded_from = check_store(self.home, self.launch.version)
        if upgraded_from:
            tell("upgrade", stored=upgraded_from, version=self.launch.version)
        password = ensure_password(self.home)
        if not self.home.has_store():
            set_initial_password(data, password)
        if not self.home.current_file.exists():
            write_text(self.home.current_file, data.name + "\n")
        memory = sized(self.home.store_bytes(), self.launch.heap, self.launch.page_cache)
        write_text(data / "version", self.launch.version + "\n")
        self._start(data, memory, password)
        return data, memory, upgraded_from

    def _facts(self, data: Path, memory: Memory, upgraded_from: str) -> dict[str, Any]:
        """What clients read in server.json."""
        assert self.jvm is not None
        return {
            "version": self.launch.version,
            "uri": f"bolt://{processes.LOOPBACK}:{self.bolt}",
            "http_port": self.http,
            "bolt_port": self.bolt,
            "supervisor": os.getpid(),
            "supervisor_born": processes.born(os.getpid()),
            "jvm": self.jvm.pid,
            "jvm_born": processes.born(self.jvm.pid),
            "started": time.time(),
            "data": data.name,
            "heap": memory.heap,
            "page_cache": memory.page_cache,
            "idle_minutes": self.launch.idle_minutes,
            "java": self.launch.java,
            "upgraded_from": upgraded_from,
        }

    def _start(self, data: Path, memory: Memory, password: str) -> None:
        """Start the JVM and wait for its first answer; other ports are tried if somebody else takes them."""
        for attempt in range(1, PORT_TRIES + 1):
            self.bolt = self._port("bolt", self.launch.bolt_port)
            self.http = self._port("http", self.launch.http_port) if self.launch.browser else 0
            self._spawn(data, memory)
            if self._wait_ready(password):
                write_json(self.home.ports_file, self._known_ports() | {"bolt": self.bolt, **self._http_port()})
                return
            reason = why_it_died(self.home.logs)
            if "took the port" in reason and attempt < PORT_TRIES:
                continue
            raise ServerError(
                f"Neo4j {self.launch.version} ended at its start: {reason}",
                where=self.home.logs / "neo4j.log",
                next_step="see `generel-graph db logs`; if heap or disk are too small, set neo4j.heap or make"
                " room; then try again",
            )

    def _http_port(self) -> dict[str, int]:
        return {"http": self.http} if self.http else {}

    def _known_ports(self) -> dict[str, Any]:
        return read_json(self.home.ports_file) or {}

    def _port(self, name: str, configured: int) -> int:
        """The configured port, else the last start's if it is free, else any free one."""
        if configured:
            if not processes.port_is_free(configured):
                raise ServerError(
                    "another program listens on this port",
                    where=f"neo4j.{name}_port",
                    found=configured,
                    next_step=f"end that program, or set neo4j.{name}_port to another port (0: any free one)",
                )
            return configured
        last = int(self._known_ports().get(name, 0))
        return last if last and processes.port_is_free(last) else processes.free_port()

    def _spawn(self, data: Path, memory: Memory) -> None:
        launch, home = self.launch, self.home
        lines = settings(launch.version, data, home.path, memory=memory, bolt=self.bolt, http=self.http)
        write_text(home.conf / "neo4j.conf", "".join(f"{key}={value}\n" for key, value in lines.items()))
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
                tethered.command(signal.SIGTERM, [launch.java, f"@{home.conf / 'jvm.args'}"]),
                stdin=subprocess.DEVNULL,
                stdout=console,
                stderr=subprocess.STDOUT,
                cwd=home.path,
                env=java_environment(),
                pass_fds=(self.lock.fileno(),),
            )
        self._write_processes()

    def _wait_ready(self, password: str) -> bool:
        """Wait until a signed-in statement is answered; False if the JVM ended first."""
        begun = time.monotonic()
        told = 0.0
        while not processes.bolt_answers(self.bolt, 1.0):
            if self._ended():
                return False
            waited = time.monotonic() - begun
            if waited > START_SECONDS:
                self.stop()
                raise ServerError(
                    f"Neo4j did not answer within {START_SECONDS:.0f} s",
                    where=self.home.logs / "neo4j.log",
                    next_step="see `generel-graph db logs`, then try again",
                )
            if waited - told >= 1:
                told = waited
                tell("starting", seconds=waited)
            self._pause(0.1)
        return self._sign_in(password)

    def _sign_in(self, password: str) -> bool:
        from neo4j import GraphDatabase
        from neo4j.exceptions import AuthError, DriverError, Neo4jError

        uri = f"bolt://{processes.LOOPBACK}:{self.bolt}"
        with GraphDatabase.driver(uri, auth=(USER, password), telemetry_disabled=True) as driver:
            while not self._ended():
                try:
                    driver.execute_query("RETURN 1", database_="neo4j")
                    return True
                except AuthError as error:
                    self.stop()
                    raise wrong_password(self.home) from error
                except (DriverError, Neo4jError):
                    self._pause(0.2)
        return False

    def _serve(self) -> None:
        """Keep the server until it ends, is told to, its folder is gone, or nobody used it long enough."""
        assert self.jvm is not None
        limit = self.launch.idle_minutes * 60
        tick = min(TICK, limit / 4) if limit > 0 else TICK
        last_used = time.time()
        inode = os.fstat(self.lock.fileno()).st_ino
        while not self._ended():
            try:
                self._pause(tick)
                if self.home.lock.stat().st_ino != inode:
                    return
            except (Stopped, FileNotFoundError):
                return
            if processes.connections(self.bolt, self.jvm.pid):
                last_used = time.time()
            last_used = max(last_used, self._last_touch())
            if limit > 0 and time.time() - last_used >= limit and self._withdraw(last_used):
                return

    def _withdraw(self, last_used: float) -> bool:
        """Take the offer back; False, and it stands again, if a client came in that very moment."""
        assert self.jvm is not None
        self.home.server_file.unlink(missing_ok=True)
        if self._last_touch() <= last_used and not processes.connections(self.bolt, self.jvm.pid):
            return True
        write_json(self.home.server_file, self.facts)
        return False

    def _last_touch(self) -> float:
        try:
            return self.home.used_file.stat().st_mtime
        except FileNotFoundError:
            return 0.0

    def stop(self) -> None:
        """End the JVM cleanly; by force if it does not end."""
        if self.jvm is None or self.jvm.poll() is not None:
            return
        self.jvm.terminate()
        end = time.monotonic() + self.patience
        while self.jvm.poll() is None and time.monotonic() < end:
            select.select([self.wake], [], [], 0.5)
            self._drain()
        if self.jvm.poll() is None:
            self.jvm.kill()
            self.jvm.wait()

    def _ended(self) -> bool:
        return self.jvm is not None and self.jvm.poll() is not None

    def _pause(self, seconds: float) -> None:
        """Sleep until a signal or for so long; raises Stopped if an end was asked for."""
        if not self.stopping:
            select.select([self.wake], [], [], seconds)
            self._drain()
        if self.stopping:
            raise Stopped

    def _drain(self) -> None:
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
                "supervisor_born": processes.born(os.getpid()),
                "jvm": jvm,
                "jvm_born": processes.born(jvm) if jvm else 0.0,
            },
        )

    def _clear_unfinished(self, data: Path) -> None:
        """Remove what a killed import left: data folders with a higher number than the current one."""
        self._clear([p for p in self.home.data_folders() if data_number(p) > data_number(data)])

    def _clear_old(self, data: Path) -> None:
        """Remove the graph before the last import, now that the new one has answered."""
        self._clear([p for p in self.home.data_folders() if data_number(p) < data_number(data)])

    def _clear(self, folders: list[Path]) -> None:
        folders += self.home.path.glob("trash-*")
        lock = try_lock(self.home.import_lock) if folders else None
        if lock is None:
            return  # an import is at work there, and clears up itself
        with lock:
            for folder in folders:
                remove_folder(folder)


def tell(event: str, **values: Any) -> None:
    """Say something to the client that started this process; it may have gone."""
    try:
        os.write(1, (json.dumps({"event": event, **values}) + "\n").encode())
    except OSError:
        return


def stop_telling() -> None:
    """Let go of the client's pipe, so that it need not wait for more."""
    null = os.open(os.devnull, os.O_RDWR)
    os.dup2(null, 1)
    os.close(null)


def main(arguments: list[str]) -> None:
    """Fork away from the client, take the lock, run the server; "busy" if another supervisor has the lock."""
    home = Home(Path(arguments[1]))
    launch = Launch.from_json(sys.stdin.readline())
    if os.fork():
        os._exit(0)  # the client is left with no child to wait for
    log = os.open(home.logs / "supervisor.log", os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
    null = os.open(os.devnull, os.O_RDONLY)
    os.dup2(null, 0)
    os.dup2(log, 2)
    lock = try_lock(home.lock)
    if lock is None:
        tell("busy")
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
        tell(**error_event(error))
    except Stopped:
        supervisor.stop()
        tell("stopped")
    except OSError as error:
        supervisor.stop()
        tell(**error_event(ServerError(f"the server cannot be started: {error}", where=home.path)))


if __name__ == "__main__":
    main(sys.argv)
