"""Any engine that SQLAlchemy knows: its tables and types, and its rows streamed.

Values are turned into text here and the scope is compared here: engines disagree about both.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import pyarrow as pa
from sqlalchemy import (
    URL,
    Connection,
    Engine,
    Integer,
    Select,
    false,
    inspect,
    select,
    text,
)
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.pool import NullPool

from customer_orders.config import SourceSettings
from customer_orders.databases import engine_of, hint_of, words_of
from customer_orders.errors import SourceError
from customer_orders.source import sqlserver
from customer_orders.source.cells import SESSION, text_batch
from customer_orders.source.columns import (
    INTEGER,
    TEXT,
    Origin,
    absent_table,
    known_kind,
    unique_header,
)
from customer_orders.source.statement import (
    BATCH,
    columns_read,
    counted,
    in_scope,
    orders_of,
    orders_query,
)
from customer_orders.source.steady import RELOAD, refuse_shrunk

HINT = "check [source] url, and that the database is up"
NO_DATABASE = "check that it is a SQLite database and not locked"
HINTS = {"sqlite": NO_DATABASE}
#: What makes a connection refuse to write, where the engine has a word for it, and values
#: independent of whoever reads.
BEGINNING = {
    "sqlite": ["PRAGMA query_only = ON"],
    "postgresql": ["SET TRANSACTION READ ONLY", *SESSION],
    "mysql": ["SET SESSION TRANSACTION READ ONLY"],
    "mariadb": ["SET SESSION TRANSACTION READ ONLY"],
}


def origin(url: URL, source: SourceSettings, query: str | None) -> Origin:
    """The columns of the table or the query, asked through the dialect of the URL."""
    engine = engine_of(url, "[source] url", SourceError, poolclass=NullPool)
    # What stands behind the question mark may hold a password as well.
    database = url.set(query={}).render_as_string(hide_password=True)
    name, kinds = columns_of(engine, database, source, query)

    with _reading(engine, name) as connection:
        known = _count(connection, source)

    def rows(wanted: Sequence[str]) -> pa.Table:
        columns = columns_read(source, wanted)
        orders = orders_of(source, query, columns)
        asked = select(*(orders.c[column] for column in columns))
        with _reading(engine, name) as connection:
            before = _count(connection, source)
            refuse_shrunk(name, known, before)
            found = _Counting(row_batches(connection, asked, name))
            table = in_scope(found, source, wanted)
            if source.table:
                refuse_shrunk(name, before, found.rows)
                refuse_shrunk(name, found.rows, _count(connection, source))
        return table

    return Origin(name=name, kinds=kinds, rows=rows, query=query or "")


def columns_of(
    engine: Engine, database: str, source: SourceSettings, query: str | None
) -> tuple[str, dict[str, str]]:
    """What messages call the table or the query, and column name -> kind in its order."""
    try:
        with engine.connect() as connection:
            _begin(connection)
            if query is None:
                kinds = table_columns(connection, database, source)
                return f"the table {source.table}", kinds
            kinds = _query_columns(connection, query, str(source.query))
            return f"the query {source.query}", kinds
    except SQLAlchemyError as exc:
        raise SourceError(
            f"the database {database} cannot be read: {words_of(exc)}",
            hint=hint_of(exc, HINTS.get(engine.dialect.name, HINT)),
        ) from exc
    finally:
        engine.dispose()


def table_columns(connection: Connection, database: str, source: SourceSettings) -> dict[str, str]:
    """Column -> kind. Raises SourceError with the nearest name when the table is not there."""
    if connection.dialect.name == "mssql":
        return sqlserver.table_columns(connection, database, source)
    schema, _, bare = (source.table or "").rpartition(".")
    inspected = inspect(connection)
    names = [*inspected.get_table_names(schema or None), *inspected.get_view_names(schema or None)]
    if bare not in names:
        raise absent_table(source.table or "", database, names)
    columns = inspected.get_columns(bare, schema or None)
    return {c["name"]: INTEGER if isinstance(c["type"], Integer) else TEXT for c in columns}


def _query_columns(connection: Connection, query: str, name: str) -> dict[str, str]:
    """A query has names but no types that all drivers tell: kinds as in a file without types."""
    nothing = select(text("*")).select_from(orders_query(query)).where(false())
    header = list(connection.execute(nothing).keys())
    return {column: known_kind(column) for column in unique_header(header, name)}


def _begin(connection: Connection) -> None:
    for words in BEGINNING.get(connection.dialect.name, ()):
        connection.exec_driver_sql(words)


@contextmanager
def _reading(engine: Engine, name: str) -> Iterator[Connection]:
    """A transaction that only reads, rolled back at the end. Raises SourceError."""
    try:
        with engine.connect() as connection:
            _begin(connection)
            yield connection
    except SQLAlchemyError as exc:
        raise SourceError(
            f"reading {name} failed: {words_of(exc)}",
            hint=hint_of(exc, RELOAD),
        ) from exc
    finally:
        engine.dispose()


def _count(connection: Connection, source: SourceSettings) -> int:
    """Rows of the table; a query is not asked twice."""
    return connection.scalar(counted(source.table)) or 0 if source.table else 0


class _Counting:
    """Batches on their way through, and the rows that they held."""

    def __init__(self, batches: Iterable[pa.RecordBatch]) -> None:
        self._batches = batches
        self.rows = 0

    def __iter__(self) -> Iterator[pa.RecordBatch]:
        for batch in self._batches:
            self.rows += batch.num_rows
            yield batch


def row_batches(
    connection: Connection, asked: Select[*tuple[Any, ...]], name: str
) -> Iterator[pa.RecordBatch]:
    """The rows as text, a batch at a time."""
    columns, row = list(asked.selected_columns.keys()), 1
    streamed = asked.execution_options(stream_results=True, yield_per=BATCH)
    for rows in connection.execute(streamed).partitions(BATCH):
        yield text_batch(rows, columns, row, name)
        row += len(rows)
