"""The tables of an OMOP Common Data Model 5.x as Ibis tables, from files (read by DuckDB) or from a backend.

No message contains a value of a person: the contents of lines are never repeated.
"""

from __future__ import annotations

import os
import re
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import polars as pl

from generel_etl.errors import ConfigError, DataError
from generel_etl.parsing.delimited import check_columns
from generel_etl.parsing.files import read_text
from generel_etl.reader import SourceFiles
from generel_etl.readers.omop.from_files import materialise, read_file

DUCKDB = "duckdb://"
INSTALL = 'pip install "generel-graph[cohort]"'
# The tables that are read, with their required and their optional columns.
TABLES: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "person": (("person_id", "gender_concept_id", "year_of_birth"), ("month_of_birth", "day_of_birth")),
    "concept": (
        ("concept_id", "concept_name", "domain_id", "vocabulary_id", "concept_class_id", "concept_code"),
        (),
    ),
    "condition_occurrence": (("person_id", "condition_concept_id", "condition_start_date"), ()),
    "drug_exposure": (("person_id", "drug_concept_id", "drug_exposure_start_date"), ()),
    "measurement": (("person_id", "measurement_concept_id", "measurement_date"), ()),
    "observation": (("person_id", "observation_concept_id", "observation_date"), ()),
    "death": (("person_id", "death_date"), ()),
    "concept_ancestor": (("ancestor_concept_id", "descendant_concept_id"), ()),
    "concept_relationship": (("concept_id_1", "concept_id_2", "relationship_id"), ("invalid_reason",)),
    "cdm_source": ((), ("source_release_date", "cdm_release_date")),
}
# The other tables of the model, which are ignored.
# fmt: off
IGNORED_TABLES = (
    "attribute_definition", "care_site", "cohort", "cohort_definition", "concept_class", "concept_synonym",
    "condition_era", "cost", "device_exposure", "domain", "dose_era", "drug_era", "drug_strength", "episode",
    "episode_event", "fact_relationship", "location", "metadata", "note", "note_nlp", "observation_period",
    "payer_plan_period", "procedure_occurrence", "provider", "relationship", "source_to_concept_map", "specimen",
    "visit_detail", "visit_occurrence", "vocabulary",
)
# fmt: on
_PASSWORD = re.compile(r"://[^/@\s]*:[^/@\s]+@")


@dataclass(frozen=True, slots=True)
class Cdm:
    """An open database.

    `tables`: by lower-case name, with lower-case columns. `where`: the file or table that messages name. `unreadable`:
    for each table read from CSV, the number of lines with a wrong number of fields or undecodable bytes. `cached`:
    temporary tables to release at the end.
    """

    ibis: Any
    connection: Any
    tables: Mapping[str, Any]
    where: Mapping[str, str]
    unreadable: Mapping[str, int] = field(default_factory=dict)
    cached: list[Any] = field(default_factory=list)

    def materialise(self, expression: Any) -> Any:
        """Evaluate an expression once, into a temporary table that exists until the database is closed."""
        return materialise(self.connection, expression, self.cached)

    def table(self, name: str) -> Any:
        """A required table; raises DataError that lists the existing tables."""
        if name not in self.tables:
            raise DataError("missing OMOP table", where=", ".join(self.where.values()), found=name, valid=self.tables)
        return self.tables[name]

    def local(self, frame: Any) -> Any:
        """A Polars frame as a table of the backend."""
        return self.ibis.memtable(frame)


@contextmanager
def open_cdm(files: SourceFiles, backend: str, database: str) -> Iterator[Cdm]:
    """Connect and find the tables; temporary files of the engine are deleted at the end.

    Raises ConfigError for a backend that is not installed or cannot be reached, DataError for an invalid file or a
    missing column.
    """
    ibis = _ibis()
    paths = _paths_by_table(files)
    url = _url(backend, files.where)
    with tempfile.TemporaryDirectory(prefix="generel-cohort-") as spill:
        connection = _connect(ibis, url, files, spill)
        cached: list[Any] = []
        try:
            yield _open_tables(ibis, connection, paths, database, cached)
        finally:
            for table in cached:
                table.release()
            connection.disconnect()


def _ibis() -> Any:
    try:
        import ibis
    except ImportError as error:
        raise ConfigError('`reader = "omop"` needs Ibis', next_step=INSTALL) from error
    return ibis


def _url(backend: str, where: str) -> str:
    """The backend's URL; a URL with a password must come from the environment, as "$NAME"."""
    where = f"{where}.backend"
    if _PASSWORD.search(backend):
        raise ConfigError(
            "a password in the configuration",
            where=where,
            next_step='put the URL into an environment variable and name the variable: backend = "$OMOP_URL"',
        )
    url = os.path.expandvars(backend)
    if url.startswith("$"):
        raise ConfigError("this environment variable is not set", where=where, found=backend)
    return url


def _connect(ibis: Any, url: str, files: SourceFiles, spill: str) -> Any:
    stored = [path for path in files.paths if path.suffix in (".duckdb", ".ddb")]
    try:
        if url == DUCKDB or stored:
            path = str(stored[0]) if stored else ":memory:"
            return ibis.duckdb.connect(path, read_only=bool(stored), temp_directory=spill)
        return ibis.connect(url)
    except ImportError as error:
        raise ConfigError(
            f"this backend is not installed: {error}",
            where=f"{files.where}.backend",
            next_step=f'pip install "ibis-framework[{url.partition(":")[0]}]"',
        ) from error
    except Exception as error:  # each backend has its own errors, whose messages may contain the URL
        raise ConfigError(
            f"the backend cannot be reached: {type(error).__name__}", where=f"{files.where}.backend"
        ) from None


def _paths_by_table(files: SourceFiles) -> dict[str, Path]:
    """The file of each table, recognised by its name in upper or lower case."""
    paths: dict[str, Path] = {}
    for path in files.paths:
        name = path.name.partition(".")[0].lower()
        if path.suffix in (".duckdb", ".ddb") or name in IGNORED_TABLES:
            continue
        if name not in TABLES:
            raise DataError("not the name of an OMOP table", where=path, found=name, valid=(*TABLES, *IGNORED_TABLES))
        if name in paths:
            raise DataError("two files of one table", where=path, found=name, next_step=f"the other is {paths[name]}")
        paths[name] = path
    return paths


def _open_tables(ibis: Any, connection: Any, paths: Mapping[str, Path], database: str, cached: list[Any]) -> Cdm:
    tables: dict[str, Any] = {}
    where: dict[str, str] = {}
    unreadable: dict[str, int] = {}
    for name, (needed, optional) in TABLES.items():
        if name == "cdm_source" and name in paths:  # a small file that states the data's release, for any backend
            table, where[name] = ibis.memtable(_read_small_file(paths[name])), str(paths[name])
        elif name in paths:
            table, bad = read_file(connection, paths[name], needed, (*needed, *optional), cached)
            where[name], unreadable[name] = str(paths[name]), bad
        else:
            table = _backend_table(ibis, connection, name, database)
            if table is None:
                continue
            where[name] = f"table {name}"
        tables[name] = _select_columns(ibis, table, name, where[name])
    return Cdm(ibis, connection, tables, where, unreadable, cached)


def _read_small_file(path: Path) -> pl.DataFrame:
    try:
        if path.suffix == ".parquet":
            return pl.read_parquet(path)
        return pl.read_csv(read_text(path), infer_schema=False)
    except pl.exceptions.PolarsError as error:
        raise DataError(f"not a table: {str(error).splitlines()[0]}", where=path) from error


def _backend_table(ibis: Any, connection: Any, name: str, database: str) -> Any:
    """A table of the backend, by its lower-case or upper-case name; None if there is none."""
    for spelling in (name, name.upper()):
        try:
            return connection.table(spelling, database=database or None)
        except ibis.common.exceptions.TableNotFound:
            continue
        except Exception as error:  # its message may contain the URL
            raise DataError(f"the backend failed: {type(error).__name__}", where=f"table {spelling}") from None
    return None


def _select_columns(ibis: Any, table: Any, name: str, where: str) -> Any:
    """The columns that are read, in lower case; missing optional columns are null."""
    needed, optional = TABLES[name]
    spellings = {column.lower(): column for column in table.columns}
    check_columns(list(spellings), needed, where)
    present = {column: table[spellings[column]] for column in (*needed, *optional) if column in spellings}
    missing = {column: ibis.null(str).name(column) for column in optional if column not in spellings}
    return table.select(**present, **missing)


def to_integer(column: Any) -> Any:
    """A column of any type as integers; null if the value is not one ("8507.0" is)."""
    if column.type().is_string():
        return column.strip().re_replace(r"\.0+$", "").try_cast("int64")
    return column.cast("int64")


def to_date(column: Any) -> Any:
    """A column of dates, timestamps, or texts (2013-07-05[ 00:00:00], 20130705) as dates; null if not a date."""
    if column.type().is_string():
        dashed = column.strip().re_replace(r"^(\d{4})(\d{2})(\d{2})$", r"\1-\2-\3")
        return dashed.substr(0, 10).try_cast("date")
    return column.cast("date")
