"""The folder of one private server: which file holds what, written so that a kill leaves each whole."""

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
except ImportError:  # Windows has no flock: said in words where a server is asked for, not at import
    fcntl = None  # type: ignore[assignment]

FIRST_DATA = "data-1"


@dataclass(frozen=True, slots=True)
class Home:
    """The files of a private server under `<state>/neo4j`."""

    path: Path

    @property
    def lock(self) -> Path:
        """Held by the supervisor and, through it, by the JVM: free only when both are gone."""
        return self.path / "lock"

    @property
    def import_lock(self) -> Path:
        """Held by a bulk import and its JVM."""
        return self.path / "import.lock"

    @property
    def server_file(self) -> Path:
        """What clients trust if its process lives and Bolt answers; there only while the server is ready."""
        return self.path / "server.json"

    @property
    def processes_file(self) -> Path:
        """Pids of supervisor and JVM, written before the server is ready."""
        return self.path / "processes.json"

    @property
    def ports_file(self) -> Path:
        """The ports of the last start."""
        return self.path / "ports.json"

    @property
    def password_file(self) -> Path:
        """The password of user neo4j, readable by its owner alone."""
        return self.path / "password"

    @property
    def used_file(self) -> Path:
        """Its time is when a client last asked for the server."""
        return self.path / "used"

    @property
    def conf(self) -> Path:
        """neo4j.conf and the JVM's arguments; written anew at each start."""
        return self.path / "conf"

    @property
    def logs(self) -> Path:
        """neo4j.log, debug.log, and what supervisor and JVM said."""
        return self.path / "logs"

    @property
    def current_file(self) -> Path:
        """One line: the data folder that is served."""
        return self.path / "current"

    @property
    def data(self) -> Path:
        """The data folder that the next start serves."""
        try:
            name = self.current_file.read_text(encoding="utf-8").strip()
        except FileNotFoundError:
            name = FIRST_DATA
        if not re.fullmatch(r"data-\d+", name):
            raise ServerError(
                "not the name of a data folder",
                where=self.current_file,
                found=name,
                valid=[p.name for p in self.data_folders()],
                next_step="write the name of the data folder to serve into this file",
            )
        return self.path / name

    def data_folders(self) -> list[Path]:
        """All data folders, oldest first."""
        found = [p for p in self.path.glob("data-*") if re.fullmatch(r"data-\d+", p.name)]
        return sorted(found, key=data_number)

    def next_data(self) -> Path:
        """A data folder that does not exist yet, with the next free number."""
        numbers = [data_number(p) for p in [*self.data_folders(), self.data]]
        return self.path / f"data-{max(numbers) + 1}"

    def store_bytes(self) -> int:
        """Bytes of the current store, without its transaction logs."""
        return folder_bytes(self.data / "databases")

    def has_store(self) -> bool:
        """Whether a server has ever served the current data folder, or an import filled it."""
        return (self.data / "databases").is_dir()

    def store_version(self) -> str | None:
        """The Neo4j version that last opened the current store; None for no store or an unknown one."""
        return read_store_version(self.data)

    def make(self) -> None:
        """Create the folder with its subfolders; raises ServerError if it cannot be written."""
        try:
            for folder in (self.path, self.conf, self.logs):
                folder.mkdir(parents=True, exist_ok=True)
            write_text(self.path / "writable", "")
        except OSError as error:
            raise ServerError(
                f"the state folder cannot be written: {error.strerror or error}",
                where=self.path,
                next_step="make it writable, or set `state_dir` (GENEREL_STATE_DIR) to a folder that is",
            ) from error

    def touch(self) -> None:
        """Say that a client wants the server: the idle clock starts anew."""
        if self.path.is_dir():
            self.used_file.touch()


def data_number(folder: Path) -> int:
    """The number of a data folder: 2 for "data-2"."""
    return int(folder.name.removeprefix("data-"))


def read_store_version(data: Path) -> str | None:
    """The version that is written beside the store in `data`."""
    try:
        return (data / "version").read_text(encoding="utf-8").strip() or None
    except FileNotFoundError:
        return None


def version_key(version: str) -> tuple[int, ...]:
    """Numbers of a version, to compare: "5.26.18" < "2026.08.1"."""
    return tuple(int(n) for n in re.findall(r"\d+", version))


def write_text(path: Path, text: str, mode: int = 0o644) -> None:
    """Write a small text file atomically."""
    write_atomically(path, text.encode(), mode)


def write_json(path: Path, values: Mapping[str, Any]) -> None:
    """Write a mapping as JSON, atomically."""
    write_text(path, json.dumps(dict(values), indent=1) + "\n")


def read_json(path: Path) -> dict[str, Any] | None:
    """The mapping in a JSON file; None if the file is absent or holds something else."""
    try:
        values = json.loads(path.read_text(encoding="utf-8"))
    except (FileNotFoundError, NotADirectoryError, ValueError):
        return None
    return values if isinstance(values, dict) else None


def try_lock(path: Path) -> IO[str] | None:
    """Take the file lock at `path` without waiting; None if somebody holds it. Close the file to let go."""
    if fcntl is None:
        raise ServerError(
            "a private server needs Linux or macOS",
            next_step="start one with `docker compose up` and set NEO4J_URI",
        )
    file = path.open("a", encoding="utf-8")
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        file.close()
        return None
    return file


@contextmanager
def holding(path: Path, what: str, *, wait: bool = False) -> Iterator[IO[str]]:
    """Hold the file lock at `path`; without `wait`, BusyError says that `what` holds it already."""
    file = try_lock(path)
    if file is None and wait:
        file = path.open("a", encoding="utf-8")
        fcntl.flock(file, fcntl.LOCK_EX)
    if file is None:
        raise BusyError(what, where=path, next_step="wait until it has ended, then try again")
    try:
        yield file
    finally:
        file.close()


def folder_bytes(path: Path) -> int:
    """Bytes that the files under a folder take on the disk, as far as they can be read."""
    total = 0
    for folder, _, names in os.walk(path):
        for name in names:
            try:
                total += os.lstat(os.path.join(folder, name)).st_blocks * 512  # noqa: PTH118
            except OSError:
                continue  # deleted meanwhile: it takes no place
    return total


def remove_folder(path: Path) -> None:
    """Delete a folder in one visible step: renamed first, so that no half of it is ever taken for a whole."""
    if not path.exists():
        return
    trash = path.with_name(f"trash-{path.name}-{os.getpid()}")
    path.replace(trash)
    shutil.rmtree(trash, ignore_errors=True)


def check_store(home: Home, version: str) -> str:
    """The older version whose store `version` will upgrade, "" if there is nothing to upgrade.

    Raises ServerError if a newer Neo4j has opened the store: Neo4j cannot go back.
    """
    stored = home.store_version()
    if not stored or not home.has_store() or stored == version:
        return ""
    if version_key(stored) < version_key(version):
        return stored
    raise ServerError(
        f"this store was last opened by Neo4j {stored}, which is newer than {version}; Neo4j cannot go back",
        where=home.data,
        next_step=f'set neo4j.version = "{stored}" (GENEREL_NEO4J_VERSION), or start anew with'
        " `generel-graph db reset`, then `sync`",
    )
