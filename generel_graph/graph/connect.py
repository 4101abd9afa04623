"""A connection to one Neo4j database: named statements in, rows and frames out, driver errors made ours."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from itertools import islice
from typing import Any, Self, TypeVar

import neo4j
import polars as pl
from neo4j import exceptions

from generel_etl.errors import GraphError
from generel_etl.progress import Progress, silent
from generel_graph.graph.capabilities import Capabilities
from generel_graph.graph.query_errors import refusal
from generel_graph.graph.statements import statement

USER_AGENT = "generel-graph"
T = TypeVar("T")
V = TypeVar("V")
SCHEMES = ("bolt://", "bolt+s://", "bolt+ssc://", "neo4j://", "neo4j+s://", "neo4j+ssc://")
READERS = 2  # connections that read ranges: while one's part is unpacked, the server makes the other's
BATCH = 10_000  # rows a transaction: fewer cost round trips, more cost heap


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

        Raises GraphError if the address cannot be reached, the password is wrong or the server too old.
        """
        if not uri.startswith(SCHEMES):
            raise GraphError("not the address of a Neo4j", where="neo4j.uri", found=uri, valid=SCHEMES)
        with _errors(uri):
            driver = neo4j.GraphDatabase.driver(
                uri,
                auth=(user, password),
                user_agent=USER_AGENT,
                notifications_min_severity="OFF",
                connection_acquisition_timeout=30,
                connection_timeout=10,
            )
        try:
            with _errors(uri):
                driver.verify_connectivity()
                info = driver.get_server_info()
                component = driver.execute_query(
                    statement("schema/get_server"), database_=database, routing_="r"
                ).records[0]
            capabilities = Capabilities.of(component["version"], component["edition"], info.protocol_version)
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
        """Run a reading statement file; one dict a row.

        One trip to the server where a managed transaction takes three; a failure that may pass is left to the driver's
        own transaction, which tries again.
        """
        text, terse = self._text(name, slot), _terse(parameters)
        with _errors(name):
            try:
                with self.driver.session(database=self.database, default_access_mode=neo4j.READ_ACCESS) as session:
                    records = list(session.run(text, terse))
            except (exceptions.Neo4jError, exceptions.DriverError) as error:
                if not error.is_retryable():
                    raise
                records = self.driver.execute_query(text, terse, database_=self.database, routing_="r").records
        # Not record.data(): it walks through each number of each vector. No statement returns nodes or relationships.
        return [dict(zip(record.keys(), record.values(), strict=True)) for record in records]

    def row(self, name: str, /, slot: int | None = None, **parameters: Any) -> dict[str, Any]:
        """The first row of a reading statement; empty if there is none."""
        found = self.rows(name, slot, **parameters)
        return found[0] if found else {}

    def write(self, name: str, /, slot: int | None = None, **parameters: Any) -> dict[str, Any]:
        """Run a writing statement file in one transaction that the driver may repeat; its first row."""
        with _errors(name):
            result = self.driver.execute_query(self._text(name, slot), _terse(parameters), database_=self.database)
        return result.records[0].data() if result.records else {}

    def transaction(self, work: Callable[[Callable[..., list[dict[str, Any]]]], T]) -> T:
        """Run several statement files in one transaction that the driver may repeat.

        `work` is given a function with the arguments of `rows`; an error that it raises undoes everything.
        """

        def run(transaction: neo4j.ManagedTransaction) -> T:
            def rows(name: str, /, slot: int | None = None, **parameters: Any) -> list[dict[str, Any]]:
                return [record.data() for record in transaction.run(self._text(name, slot), parameters)]

            return work(rows)

        with _errors("transaction"), self.driver.session(database=self.database) as session:
            return session.execute_write(run)

    def command(self, name: str, /, slot: int | None = None, **parameters: Any) -> dict[str, Any]:
        """Run a statement that may not stand in a managed transaction (schema, CALL IN TRANSACTIONS)."""
        with _errors(name), self.driver.session(database=self.database) as session:
            record = session.run(self._text(name, slot), parameters).peek()
        return record.data() if record else {}

    def frame(
        self,
        name: str,
        /,
        ranges: Sequence[tuple[str, str]] | None = None,
        schema: Mapping[str, Any] | None = None,
        progress: Progress = silent,
        stage: str = "read",
        slot: int | None = None,
        **parameters: Any,
    ) -> pl.DataFrame:
        """Read in columns, whole: the parts of `pages` in one frame."""
        parts = list(self.pages(name, ranges, schema, progress, stage, slot, **parameters))
        if parts:
            return pl.concat(parts, how="vertical_relaxed")
        return pl.DataFrame(schema=schema)

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
    ) -> Iterator[pl.DataFrame]:
        """Read in columns, part by part: each row that the statement returns holds equally long lists, one a column.

        With `ranges` the statement is run once for each, as `$first` and `$last` (ids, both inclusive):
        so the server never has to collect everything at once. Ranges are read side by side, and given in their order.
        `schema` gives the columns' types where a part may be empty.
        """
        text = self._text(name, slot)
        parts = [parameters] if ranges is None else [{**parameters, "first": a, "last": b} for a, b in ranges]

        def read(values: dict[str, Any]) -> list[pl.DataFrame]:
            with (
                _errors(name),
                self.driver.session(database=self.database, default_access_mode=neo4j.READ_ACCESS) as session,
            ):
                return [_columns(record, schema) for record in session.run(text, values)]

        for done, frames in enumerate(_side_by_side(read, parts), 1):
            yield from frames
            progress(stage, done, len(parts))

    def batches(
        self,
        name: str,
        /,
        rows: Sequence[Mapping[str, Any]],
        slot: int | None = None,
        size: int = BATCH,
        progress: Progress = silent,
        stage: str = "write",
        **parameters: Any,
    ) -> int:
        """Write `rows` by a statement that unwinds `$rows` and returns `n`; the sum of `n`.

        Each batch is a transaction that the driver repeats after a transient failure.
        """
        written = 0
        for begin in range(0, len(rows), size):
            part = rows[begin : begin + size]
            written += int(self.write(name, slot, rows=part, **parameters)["n"])
            progress(stage, begin + len(part), len(rows))
        return written

    def key_ranges(self, size: int = 2_000) -> list[tuple[str, str]]:
        """First and last ids of successive ranges of `size` nodes, in the order of ids."""
        found = self.row("schema/list_key_ranges", size=size)
        return list(zip(found["first"], found["last"], strict=True)) if found else []

    def query(
        self, text: str, parameters: Mapping[str, Any] | None = None, seconds: float = 0
    ) -> tuple[list[str], list[list[Any]]]:
        """Run somebody's own Cypher in the server's read access mode; columns and rows.

        After `seconds` the server stops it (0: never). Raises GraphError with the server's words, and the place, for a
        statement that is wrong, that writes or that takes too long.
        """
        with (
            _errors("query"),
            self.driver.session(database=self.database, default_access_mode=neo4j.READ_ACCESS) as session,
        ):
            try:
                result = session.run(neo4j.Query(text, timeout=seconds or None), dict(parameters or {}))
                return list(result.keys()), [list(record.values()) for record in result]
            except exceptions.Neo4jError as error:
                refused = refusal(error, text, seconds)
                if refused is None:
                    raise
                raise refused from error


def _side_by_side(read: Callable[[V], T], parts: Sequence[V]) -> Iterator[T]:
    """What `read` gives of each part, in their order, `READERS` at work at a time and as many waiting to be taken."""
    with ThreadPoolExecutor(READERS) as pool:
        waiting = iter(parts)
        ahead = deque(pool.submit(read, part) for part in islice(waiting, 2 * READERS))
        try:
            while ahead:
                found = ahead.popleft().result()
                ahead.extend(pool.submit(read, part) for part in islice(waiting, 1))
                yield found
        finally:  # who stops early waits for what is being read, not for what is not begun
            for future in ahead:
                future.cancel()


class _Terse(list[Any]):
    """A list that is told by its length.

    The driver writes all parameters out for a log line that nobody reads, at each statement: for a batch of
    vectors as lists that was 95 % of the client's time, for one of edges 45 %.
    """

    def __repr__(self) -> str:
        return f"[{len(self):,} values]"


def _terse(parameters: Mapping[str, Any]) -> dict[str, Any]:
    return {k: _Terse(v) if isinstance(v, list) else v for k, v in parameters.items()}


def _columns(record: neo4j.Record, schema: Mapping[str, Any] | None) -> pl.DataFrame:
    return pl.DataFrame(
        {
            key: pl.Series(key, _plain(values), dtype=(schema or {}).get(key), strict=False)
            for key, values in zip(record.keys(), record.values(), strict=True)
        }
    )


def _plain(values: list[Any]) -> list[Any]:
    """Neo4j's dates as Python's; other values as they are."""
    if any(isinstance(value, neo4j.time.Date) for value in values):
        return [value.to_native() if value is not None else None for value in values]
    return values


@contextmanager
def _errors(where: str) -> Iterator[None]:
    """Turn the driver's errors into ours, once, at the boundary."""
    try:
        yield
    except exceptions.AuthError as error:
        raise GraphError(
            "Neo4j refuses the user or password",
            where=where,
            next_step="set NEO4J_USERNAME and NEO4J_PASSWORD in the environment",
        ) from error
    except (exceptions.ServiceUnavailable, exceptions.SessionExpired) as error:
        raise GraphError(
            f"Neo4j cannot be reached: {str(error).splitlines()[0]}",
            where=where,
            next_step="check the address (`neo4j.uri`, NEO4J_URI), or leave it empty to run a private server",
        ) from error
    except (exceptions.Neo4jError, exceptions.DriverError) as error:
        message = getattr(error, "message", None) or str(error)
        raise GraphError(str(message), where=where, next_step="run with --debug for the driver's own words") from error
