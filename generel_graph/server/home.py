"""The folder of a private server: its files, locks and data folders. All files are written atomically."""

from __future__ import annotations

import json
import os
import re
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from generel_etl.atomic import write_atomically
from generel_etl.errors import BusyError, ServerError

try:
    import fcntl
except ImportError:  # Windows has no flock: `try_lock` raises the error, so that the module can be imported
    fcntl = None  # type: ignore[assignment]

FIRST_DATA = "data-1"


@dataclass(frozen=True, slots=True)
class Home:
    """The files of a private server under `<state>/neo4j`."""

    path: Path

    @property
    def lock(self) -> Path:
        """Lock of the supervisor, which the JVM inherits: free only when both have ended."""
        return self.path / "lock"

    @property
    def import_lock(self) -> Path:
        """Lock of a bulk import and its JVM."""
        return self.path / "import.lock"

    @property
    def server_file(self) -> Path:
        """Address, versions and processes of the server; exists only while the server is ready.

        Clients also check that the processes live and that Bolt answers.
        """
        return self.path / "server.json"

    @property
    def processes_file(self) -> Path:
        """Pids of the supervisor and the JVM, written before the server is ready."""
        return self.path / "processes.json"

    @property
    def ports_file(self) -> Path:
        """Ports of the last start."""
        return self.path / "ports.json"

    @property
    def password_file(self) -> Path:
        """Password of the user neo4j; only its owner can read it."""
        return self.path / "password"

    @property
    def used_file(self) -> Path:
        """A file whose modification time is the last request for the server."""
        return self.path / "used"

    @property
    def conf(self) -> Path:
        """Folder of neo4j.conf and the JVM's arguments, which each start writes."""
        return self.path / "conf"

    @property
    def logs(self) -> Path:
        """Folder of neo4j.log, debug.log, and the output of supervisor and JVM."""
        return self.path / "logs"

    @property
    def current_file(self) -> Path:
        """A file with the name of the current data folder."""
        return self.path / "current"

    @property
    def data(self) -> Path:
        """The current data folder, which the next start uses. Raises ServerError for an invalid name."""
        try:
            name = self.current_file.read_text(encoding="utf-8").strip()
        except FileNotFoundError:
            name = FIRST_DATA
        if not re.fullmatch(r"data-\d+", name):
            raise ServerError(
                "invalid name of a data folder",
                where=self.current_file,
                found=name,
                valid=[p.name for p in self.data_folders()],
                next_step="write the name of the data folder to use into this file",
            )
        return self.path / name

    def data_folders(self) -> list[Path]:
        """All data folders, oldest first."""
        folders = [p for p in self.path.glob("data-*") if re.fullmatch(r"data-\d+", p.name)]
        return sorted(folders, key=data_number)

    def next_data(self) -> Path:
        """The path of a new data folder, with the next unused number."""
        numbers = [data_number(p) for p in [*self.data_folders(), self.data]]
        return self.path / f"data-{max(numbers) + 1}"

    def store_bytes(self) -> int:
        """Size of the current store in bytes, without its transaction logs."""
        return folder_bytes(self.data / "databases")

    def has_store(self) -> bool:
        """Whether a server or an import has created a store in the current data folder."""
        return (self.data / "databases").is_dir()

    def store_version(self) -> str | None:
        """The Neo4j version that last opened the current store; None without a store or a recorded version."""
        return read_store_version(self.data)

    def create(self) -> None:
        """Create the folder and its subfolders; raises ServerError if they cannot be written."""
        try:
            for folder in (self.path, self.conf, self.logs):
                folder.mkdir(parents=True, exist_ok=True)
            write_text(self.path / "writable", "")
        except OSError as error:
            raise ServerError(
                f"the state folder cannot be written: {error.strerror or error}",
                where=self.path,
                next_step="make it writable, or set `state_dir` (GENEREL_STATE_DIR) to a writable folder",
            ) from error

    def mark_used(self) -> None:
        """Record that a client needs the server; this restarts the idle time."""
        if self.path.is_dir():
            self.used_file.touch()


def data_number(folder: Path) -> int:
    """The number of a data folder: 2 for "data-2"."""
    return int(folder.name.removeprefix("data-"))


def read_store_version(data: Path) -> str | None:
    """The Neo4j version that is recorded in the data folder; None if there is none."""
    try:
        return (data / "version").read_text(encoding="utf-8").strip() or None
    except FileNotFoundError:
        return None


def version_key(version: str) -> tuple[int, ...]:
    """The numbers of a version, for comparison: "5.26.18" < "2026.08.1"."""
    return tuple(int(n) for n in re.findall(r"\d+", version))


def write_text(path: Path, text: str, mode: int = 0o644) -> None:
    """Write a small text file atomically."""
    write_atomically(path, text.encode(), mode)


def write_json(path: Path, values: Mapping[str, Any]) -> None:
    """Write a mapping as JSON, atomically."""
    write_text(path, json.dumps(dict(values), indent=1) + "\n")


def read_json(path: Path) -> dict[str, Any] | None:
    """The mapping in a JSON file; None if the file is missing or contains no mapping."""
    try:
        values = json.loads(path.read_text(encoding="utf-8"))
    except (FileNotFoundError, NotADirectoryError, ValueError):
        return None
    return values if isinstance(values, dict) else None


def try_lock(path: Path) -> IO[str] | None:
    """Acquire the file lock at `path` without waiting; None if another process holds it. Close the file to release it.

    Raises ServerError on a system without such locks.
    """
    if fcntl is None:
        raise ServerError(
            "a private server needs Linux or macOS",
            next_step="start Neo4j with `docker compose up` and set NEO4J_URI",
        )
    file = path.open("a", encoding="utf-8")
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        file.close()
        return None
    return file


@contextmanager
def hold_lock(path: Path, busy: str, *, wait: bool = False) -> Iterator[IO[str]]:
    """Hold the file lock at `path`.

    If another process holds it, wait for it, or raise BusyError with the text `busy` if `wait` is false.
    """
    file = try_lock(path)
    if file is None and wait:
        file = path.open("a", encoding="utf-8")
        fcntl.flock(file, fcntl.LOCK_EX)
    if file is None:
        raise BusyError(busy, where=path, next_step="wait until it has ended, then try again")
    try:
        yield file
    finally:
        file.close()


def folder_bytes(path: Path) -> int:
    """Disk space of the files in a folder, in bytes, as far as they can be read."""
    total = 0
    for folder, _, names in os.walk(path):
        for name in names:
            try:
                total += os.lstat(os.path.join(folder, name)).st_blocks * 512  # noqa: PTH118
            except OSError:
                continue  # it was deleted meanwhile
    return total


def remove_folder(path: Path) -> None:
    """Delete a folder; it is renamed first, so that a partly deleted folder is never used."""
    if not path.exists():
        return
    trash = path.with_name(f"trash-{path.name}-{os.getpid()}")
    path.replace(trash)
    shutil.rmtree(trash, ignore_errors=True)


def check_store(home: Home, version: str) -> str:
    """The older version whose store `version` will upgrade; "" if there is nothing to upgrade.

    Raises ServerError if a newer Neo4j has opened the store: Neo4j cannot downgrade a store.
    """
    stored = home.store_version()
    if not stored or not home.has_store() or stored == version:
        return ""
    if version_key(stored) < version_key(version):
        return stored
    raise ServerError(
        f"this store was last opened by Neo4j {stored}, which is newer than {version}; Neo4j cannot downgrade a store",
        where=home.data,
        next_step=f'set neo4j.version = "{stored}" (GENEREL_NEO4J_VERSION), or delete the store:'
        " `generel-graph db reset`, then `sync`",
    )
