"""Fill an empty graph from CSV in one go: into a new data folder, which then takes the old one's place."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from generel_graph.config import Config
from generel_graph.errors import ServerError
from generel_graph.progress import Progress, silent
from generel_graph.server.home import Home, data_number, holding, read_json, remove_folder, write_text
from generel_graph.server.import_tool import ImportFiles, run
from generel_graph.server.life import ensure, find, home_of, prepare, stop
from generel_graph.server.password import ensure_password, set_initial_password
from generel_graph.server.store import check_store

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
