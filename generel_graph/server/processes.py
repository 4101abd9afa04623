"""Processes and sockets: whether a process lives, how many clients a port has, which ports are free."""

from __future__ import annotations

import socket
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import psutil

LOOPBACK = "127.0.0.1"
ESTABLISHED = "01"  # in /proc/net/tcp
BOLT_HANDSHAKE = b"\x60\x60\xb0\x17" + b"\x00\x04\x04\x05" + b"\x00\x00\x00\x00" * 3  # Bolt 5.4 down to 5.0


def start_time(pid: int) -> float:
    """The start of a process in seconds since the epoch; 0 if there is none. With the pid it identifies the process."""
    try:
        return psutil.Process(pid).create_time()
    except (psutil.NoSuchProcess, psutil.AccessDenied):
        return 0.0


def is_alive(pid: int, started: float) -> bool:
    """Whether the process with this pid and start time runs. The pid may have been reused; a zombie does not run."""
    try:
        process = psutil.Process(pid)
        is_same = abs(process.create_time() - started) < 1.0
        return is_same and process.status() != psutil.STATUS_ZOMBIE
    except (psutil.NoSuchProcess, psutil.AccessDenied):
        return False


def live_pid(record: Mapping[str, Any] | None, role: str) -> int | None:
    """The pid of `role` ("supervisor" or "jvm") in a record of processes; None if that process does not run."""
    if not record or not record.get(role):
        return None
    pid, started = int(record[role]), float(record.get(f"{role}_born", 0.0))
    return pid if is_alive(pid, started) else None


def resident_bytes(pid: int) -> int:
    """Resident memory of a process; 0 if it has ended."""
    try:
        return int(psutil.Process(pid).memory_info().rss)
    except (psutil.NoSuchProcess, psutil.AccessDenied):
        return 0


def port_is_free(port: int) -> bool:
    """Whether a server can listen on this loopback port now."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((LOOPBACK, port))
        except OSError:
            return False
    return True


def find_free_port() -> int:
    """A port that is free now. Neo4j cannot listen on port 0, because it does not report the port that it gets."""
    with socket.socket() as probe:
        probe.bind((LOOPBACK, 0))
        return int(probe.getsockname()[1])


def bolt_answers(port: int, seconds: float = 2.0) -> bool:
    """Whether a Bolt server on this loopback port answers a handshake, without authentication."""
    try:
        with socket.create_connection((LOOPBACK, port), timeout=seconds) as connection:
            connection.sendall(BOLT_HANDSHAKE)
            return len(connection.recv(4)) == 4
    except OSError:
        return False


def count_clients(port: int, pid: int) -> int:
    """The number of clients that are connected to `port` of the process `pid`.

    On Linux this reads the kernel's tables: they contain connections that the process has not accepted yet, which
    belong to no process and which psutil therefore omits. A server must not stop while a client connects.
    """
    tables = [Path("/proc/net/tcp"), Path("/proc/net/tcp6")]
    if tables[0].exists():
        hex_port = f"{port:04X}"
        rows = [line.split() for table in tables if table.exists() for line in table.read_text().splitlines()[1:]]
        return sum(1 for row in rows if row[1].rsplit(":", 1)[1] == hex_port and row[3] == ESTABLISHED)
    try:
        connections = psutil.Process(pid).net_connections(kind="tcp")
    except (psutil.NoSuchProcess, psutil.AccessDenied):
        return 0
    return sum(1 for c in connections if c.laddr.port == port and c.status == psutil.CONN_ESTABLISHED)
