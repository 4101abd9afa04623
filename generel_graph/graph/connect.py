"""A connection to one Neo4j database: run named statements, return rows or frames, raise GraphError."""

from __future__ import annotations

from collections.abc import Callable, Generator, Mapping, Sequence
from typing import Any, Self, TypeVar

import neo4j
import polars as pl
from neo4j import exceptions

from generel_etl.errors import GraphError
from generel_etl.progress import Progress, silent
from generel_graph.graph.capabilities import Capabilities
from generel_graph.graph.driver_errors import translated_errors
from generel_graph.graph.pages import Pages, columns_to_frame
from generel_graph.graph.query_errors import query_error
from generel_graph.graph.statements import statement
from generel_graph.prefetch import parallel_map

USER_AGENT = "generel-graph"
T = TypeVar("T")
SCHEMES = ("bolt://", "bolt+s://", "bolt+ssc://", "neo4j://", "neo4j+s://", "neo4j+ssc://")
READ_WORKERS = 2  # connections that read ranges: the server produces one range while the client unpacks the other
BATCH_ROWS = 10_000  # rows per transaction: smaller batches cost round trips, larger ones cost heap


class Graph:
    """One database of one server; use as a context manager."""

    def __init__(self, driver: neo4j.Driver, uri: str, database: str, capabilities: Capabilities) -> None:
        self.driver = driver
        self.uri = uri
        self.database = database
        self.capabilities = capabilities

    @classmethod
    def connect(cls, uri: str, user: str, password: str, database: str = "neo4j") -> Self:
        """Sign in and read the server's capabilities.

        Raises GraphError if the address cannot be reached, the password is wrong or the server is too old.
        """
        if not uri.startswith(SCHEMES):
            raise GraphError("not a Neo4j address", where="neo4j.uri", found=uri, valid=SCHEMES)
        with translated_errors(uri):
            driver = neo4j.GraphDatabase.driver(
                uri,
                auth=(user, password),
                user_agent=USER_AGENT,
                notifications_min_severity="OFF",
                connection_acquisition_timeout=30,
                connection_timeout=10,
            )
        try:
            with translated_errors(uri):
                driver.verify_connectivity()
                info = driver.get_server_info()
                component = driver.execute_query(
                    statement("schema/get_server"), database_=database, routing_="r"
                ).records[0]
            capabilities = Capabilities.from_server(component["version"], component["edition"], info.protocol_version)
        except BaseException:
            driver.close()
            raise
        return cls(driver, uri, database, capabilities)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close all connections."""
        self.driver.close()

    def _text(self, name: str, slot: int | None) -> str:
        return statement(name, slot, dialect=self.capabilities.dialect)

    def rows(self, name: str, /, slot: int | None = None, **parameters: Any) -> list[dict[str, Any]]:
        """Run a reading statement file and return one dict per row.

        This takes one round trip to the server; a managed transaction takes three. After a transient failure the
        statement runs again in a managed transaction, which the driver retries.
        """
        text, values = self._text(name, slot), _with_short_repr(parameters)
        with translated_errors(name):
            try:
                with self.driver.session(database=self.database, default_access_mode=neo4j.READ_ACCESS) as session:
                    records = list(session.run(text, values))
            except (exceptions.Neo4jError, exceptions.DriverError) as error:
                if not error.is_retryable():
                    raise
                records = self.driver.execute_query(text, values, database_=self.database, routing_="r").records
        # record.data() would visit every number of every vector. No statement returns nodes or relationships.
        return [dict(zip(record.keys(), record.values(), strict=True)) for record in records]

    def row(self, name: str, /, slot: int | None = None, **parameters: Any) -> dict[str, Any]:
        """Run a reading statement file and return its first row, or an empty dict if it has no rows."""
        rows = self.rows(name, slot, **parameters)
        return rows[0] if rows else {}

    def write(self, name: str, /, slot: int | None = None, **parameters: Any) -> dict[str, Any]:
        """Run a writing statement file in one transaction, which the driver may repeat; return its first row."""
        text, values = self._text(name, slot), _with_short_repr(parameters)
        with translated_errors(name):
            result = self.driver.execute_query(text, values, database_=self.database)
        return result.records[0].data() if result.records else {}

    def transaction(self, work: Callable[[Callable[..., list[dict[str, Any]]]], T]) -> T:
        """Run several statement files in one transaction, which the driver may repeat.

        `work` receives a function with the arguments of `rows`. If `work` raises, the transaction is rolled back.
        """

        def run(transaction: neo4j.ManagedTransaction) -> T:
            def rows(name: str, /, slot: int | None = None, **parameters: Any) -> list[dict[str, Any]]:
                return [record.data() for record in transaction.run(self._text(name, slot), parameters)]

            return work(rows)

        with translated_errors("transaction"), self.driver.session(database=self.database) as session:
            return session.execute_write(run)

    def command(self, name: str, /, slot: int | None = None, **parameters: Any) -> dict[str, Any]:
        """Run a statement that a managed transaction cannot contain (schema changes, CALL IN TRANSACTIONS)."""
        with translated_errors(name), self.driver.session(database=self.database) as session:
            record = session.run(self._text(name, slot), parameters).peek()
        return record.data() if record else {}

    def pages(
        self,
        name: str,
        /,
        ranges: Sequence[tuple[str, str]] | None = None,
        schema: Mapping[str, Any] | None = None,
        progress: Progress = silent,
        stage: str = "read",
        slot: int | None = None,
        **parameters: Any,
    ) -> Pages:
        """Read columns: each record that the statement returns holds lists of equal length, one list per column.

        With `ranges`, the statement runs once per range, with `$first` and `$last` (ids, both inclusive), so that the
        server never collects all rows at once. Ranges are read in parallel and returned in their order. `schema` gives
        the types of columns that may be empty. Iterate over the result, or call `frame()` for one frame.
        """
        text = self._text(name, slot)
        bounds = [{}] if ranges is None else [{"first": first, "last": last} for first, last in ranges]

        def read(values: dict[str, str]) -> list[pl.DataFrame]:
            with (
                translated_errors(name),
                self.driver.session(database=self.database, default_access_mode=neo4j.READ_ACCESS) as session,
            ):
                return [columns_to_frame(record, schema) for record in session.run(text, {**parameters, **values})]

        def frames() -> Generator[pl.DataFrame, None, None]:
            for done, part in enumerate(parallel_map(read, bounds, READ_WORKERS), 1):
                yield from part
                progress(stage, done, len(bounds))

        return Pages(frames(), schema)

    def batches(
        self,
        name: str,
        /,
        rows: Sequence[Mapping[str, Any]],
        slot: int | None = None,
        size: int = BATCH_ROWS,
        progress: Progress = silent,
        stage: str = "write",
        **parameters: Any,
    ) -> int:
        """Write `rows` with a statement that unwinds `$rows` and returns `n`; return the sum of `n`.

        Each batch is one transaction, which the driver repeats after a transient failure.
        """
        written = 0
        for start in range(0, len(rows), size):
            batch = rows[start : start + size]
            written += int(self.write(name, slot, rows=batch, **parameters)["n"])
            progress(stage, start + len(batch), len(rows))
        return written

    def key_ranges(self, size: int = 2_000) -> list[tuple[str, str]]:
        """First and last ids of successive ranges of `size` nodes, in the order of ids."""
        row = self.row("schema/list_key_ranges", size=size)
        return list(zip(row["first"], row["last"], strict=True)) if row else []

    def query(
        self, text: str, parameters: Mapping[str, Any] | None = None, seconds: float = 0
    ) -> tuple[list[str], list[list[Any]]]:
        """Run user-supplied Cypher in the server's read access mode; return columns and rows.

        The server stops the statement after `seconds` (0: no limit). Raises GraphError, with the server's message and
        the position in the statement, if the statement is invalid, writes or takes too long.
        """
        with (
            translated_errors("query"),
            self.driver.session(database=self.database, default_access_mode=neo4j.READ_ACCESS) as session,
        ):
            try:
                result = session.run(neo4j.Query(text, timeout=seconds or None), dict(parameters or {}))
                return list(result.keys()), [list(record.values()) for record in result]
            except exceptions.Neo4jError as error:
                explained = query_error(error, text, seconds)
                if explained is None:
                    raise
                raise explained from error


class _ShortReprList(list[Any]):
    """A list whose `repr` states its length only.

    The driver formats all parameters of each statement for a debug log line. For a batch of vectors as lists, this took
    95 % of the client's time; for a batch of edges, 45 %.
    """

    def __repr__(self) -> str:
        return f"[{len(self):,} values]"


def _with_short_repr(parameters: Mapping[str, Any]) -> dict[str, Any]:
    return {name: _ShortReprList(value) if isinstance(value, list) else value for name, value in parameters.items()}
