"""Processes and sockets as the system tells them: who lives, who is connected, which port is free."""

from __future__ import annotations

import socket
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import psutil

LOOPBACK = "127.0.0.1"
ESTABLISHED = "01"


def born(pid: int) -> float:
    """When the process started, in seconds since the epoch; 0 if there is none. With the pid it names one."""
    try:
        return psutil.Process(pid).create_time()
    except (psutil.NoSuchProcess, psutil.AccessDenied):
        return 0.0


def alive(pid: int, started: float) -> bool:
    """Whether that very process lives: a dead one's pid may be another's, a zombie is dead."""
    try:
        process = psutil.Process(pid)
        same = abs(process.create_time() - started) < 1.0
        return same and process.status() != psutil.STATUS_ZOMBIE
    except (psutil.NoSuchProcess, psutil.AccessDenied):
        return False


def named(values: Mapping[str, Any] | None, who: str) -> int | None:
    """The pid of `who` ("supervisor" or "jvm") in a file of processes, if that process still lives."""
    if not values or not values.get(who):
        return None
    pid, started = int(values[who]), float(values.get(f"{who}_born", 0.0))
    return pid if alive(pid, started) else None


def resident_bytes(pid: int) -> int:
    """Memory that a process holds; 0 if it is gone."""
    try:
        return int(psutil.Process(pid).memory_info().rss)
    except (psutil.NoSuchProcess, psutil.AccessDenied):
        return 0


def port_is_free(port: int) -> bool:
    """Whether a server could listen on this loopback port now."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((LOOPBACK, port))
        except OSError:
            return False
    return True


def free_port() -> int:
    """A port that is free at this moment; Neo4j cannot take port 0, since it tells nobody what it got."""
    with socket.socket() as probe:
        probe.bind((LOOPBACK, 0))
        return int(probe.getsockname()[1])


def bolt_answers(port: int, seconds: float = 2.0) -> bool:
    """Whether a Bolt server shakes hands on this loopback port (no sign-in, no driver)."""
    hello = b"\x60\x60\xb0\x17" + b"\x00\x04\x04\x05" + b"\x00\x00\x00\x00" * 3  # Bolt 5.4 down to 5.0
    try:
        with socket.create_connection((LOOPBACK, port), timeout=seconds) as connection:
            connection.sendall(hello)
            return len(connection.recv(4)) == 4
    except OSError:
        return False


def connections(port: int, pid: int) -> int:
    """How many clients are connected to `port` of the process `pid`."""
    tables = [Path("/proc/net/tcp"), Path("/proc/net/tcp6")]
    if tables[0].exists():
        wanted = f"{port:04X}"
        lines = [line.split() for table in tables if table.exists() for line in table.read_text().splitlines()[1:]]
        return sum(1 for f in lines if f[1].rsplit(":", 1)[1] == wanted and f[3] == ESTABLISHED)
    try:
        found = psutil.Process(pid).net_connections(kind="tcp")
    except (psutil.NoSuchProcess, psutil.AccessDenied):
        return 0
    return sum(1 for c in found if c.laddr.port == port and c.status == psutil.CONN_ESTABLISHED)
