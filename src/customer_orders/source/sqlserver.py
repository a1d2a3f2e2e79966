"""SQL Server through Microsoft's own driver, which hands out Arrow; its values become text here.

Everything is asked in one transaction: of one moment where the database allows it (SNAPSHOT), else
under locks that hold the rows still (SERIALIZABLE).
"""

from __future__ import annotations

import uuid
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from typing import Any

import pyarrow as pa
from sqlalchemy import (
    URL,
    Connection,
    FromClause,
    Select,
    column,
    false,
    func,
    select,
    table,
    text,
)
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.pool import NullPool

from customer_orders.config import SourceSettings, redacted
from customer_orders.databases import engine_of, hint_of, words_of
from customer_orders.errors import SourceError
from customer_orders.source.cells import arrow_texts
from customer_orders.source.columns import (
    INTEGER,
    TEXT,
    Origin,
    absent_table,
    known_kind,
    unique_header,
)
from customer_orders.source.statement import BATCH, columns_read, in_scope, orders_of
from customer_orders.source.steady import PATIENCE, RELOAD, refuse_moved, refuse_shrunk

WHOLE = ("tinyint", "smallint", "int", "bigint")
#: Where a table without a schema is looked for after the user's own.
USUAL_SCHEMA = "dbo"
ALLOWED = table("databases", column("name"), column("snapshot_isolation_state"), schema="sys")
LISTED = table(
    "COLUMNS",
    *map(column, ("TABLE_SCHEMA", "TABLE_NAME", "COLUMN_NAME", "DATA_TYPE", "ORDINAL_POSITION")),
    schema="INFORMATION_SCHEMA",
)


@dataclass(frozen=True, kw_only=True, slots=True)
class _Seen:
    """A table as it stands at a moment; without a number where a query is asked."""

    number: int | None
    rows: int


class _Server:
    """Where the orders are, and what of it is asked."""

    def __init__(self, url: URL, source: SourceSettings, query: str | None) -> None:
        self.source, self.query = source, query
        self.database = url.set(drivername="mssql", query={}).render_as_string()
        self.name = f"the query {source.query}" if query else f"the table {source.table}"
        self._engine = engine_of(url, "[source] url", SourceError, poolclass=NullPool)

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """A transaction that nobody disturbs. Raises SourceError for what goes wrong in it."""
        foreign = (SQLAlchemyError, self._engine.dialect.loaded_dbapi.Error, pa.ArrowException)
        try:
            with self._engine.connect() as connection:
                level = "SNAPSHOT" if connection.scalar(snapshot_asked()) == 1 else "SERIALIZABLE"
                connection.rollback()
                steady = connection.execution_options(isolation_level=level)
                steady.exec_driver_sql(f"SET LOCK_TIMEOUT {PATIENCE * 1000}")
                yield steady
        except foreign as exc:
            raise SourceError(
                redacted(f"{self.name} of {self.database} cannot be read: {words_of(exc)}"),
                hint=hint_of(exc, RELOAD),
            ) from exc

    def kinds(self, connection: Connection) -> dict[str, str]:
        """Column -> kind, in the order of the source."""
        if self.query:
            asked = nothing_asked(orders_of(self.source, self.query, ()))
            with _executed(connection, asked) as cursor:
                header = unique_header(
                    (name for name, *_ in cursor.description), str(self.source.query)
                )
            return {name: known_kind(name) for name in header}
        return table_columns(connection, self.database, self.source)

    def seen(self, connection: Connection) -> _Seen:
        """The table's number, which another table under its name has not, and its rows."""
        if self.query:
            return _Seen(number=None, rows=0)
        orders = orders_of(self.source, None, ())
        name = connection.dialect.identifier_preparer.format_table(orders)
        number, rows = connection.execute(state_asked(orders, name)).one()
        return _Seen(number=number, rows=rows)


def origin(url: URL, source: SourceSettings, query: str | None) -> Origin:
    """The columns of the table or the query. Raises SourceError when they cannot be read."""
    server = _Server(url, source, query)
    with server.reading() as connection:
        kinds = server.kinds(connection)
        asked = server.seen(connection)

    def rows(wanted: Sequence[str]) -> pa.Table:
        columns = columns_read(source, wanted)
        orders = orders_of(source, query, columns)
        with server.reading() as connection:
            before = server.seen(connection)
            refuse_moved(server.name, before.number != asked.number)
            refuse_shrunk(server.name, asked.rows, before.rows)
            cells = cells_asked(orders, columns)
            found = in_scope(_batches(connection, cells, server.name), source, wanted)
            after = server.seen(connection)
            refuse_moved(server.name, before != after)
            return found

    return Origin(name=server.name, kinds=kinds, rows=rows, query=query or "")


def table_columns(connection: Connection, database: str, source: SourceSettings) -> dict[str, str]:
    """Column -> kind. Raises SourceError with the nearest name when the table is not there."""
    schema, _, bare = (source.table or "").rpartition(".")
    own = schema or str(connection.scalar(select(func.schema_name())))
    for name in (own,) if schema else dict.fromkeys((own, USUAL_SCHEMA)):
        found = connection.execute(columns_asked(name, bare)).all()
        if found:
            return {name: INTEGER if kind in WHOLE else TEXT for name, kind in found}
    names = connection.scalars(select(LISTED.c.TABLE_NAME).distinct()).all()
    raise absent_table(source.table or "", database, names)


def snapshot_asked() -> Select[Any]:
    """1 where the database lets a transaction see one moment."""
    asked = select(ALLOWED.c.snapshot_isolation_state)
    return asked.where(ALLOWED.c["name"] == func.db_name())


def columns_asked(schema: str, bare: str) -> Select[Any]:
    """Names and types of a table's columns, in its order."""
    listed = LISTED.c
    asked = select(listed["COLUMN_NAME"], listed["DATA_TYPE"]).where(
        listed["TABLE_SCHEMA"] == schema, listed["TABLE_NAME"] == bare
    )
    return asked.order_by(listed["ORDINAL_POSITION"])


def state_asked(orders: FromClause, name: str) -> Select[Any]:
    """The number of the table that bears this quoted name now, and its rows."""
    return select(func.object_id(name), func.count_big()).select_from(orders)


def nothing_asked(orders: FromClause) -> Select[Any]:
    """All columns and no row."""
    return select(text("*")).select_from(orders).where(false())


def cells_asked(orders: FromClause, columns: Sequence[str]) -> Select[Any]:
    """The cells as they are: what a number or a date is as text is decided here."""
    return select(*(orders.c[name] for name in columns))


@contextmanager
def _executed(connection: Connection, asked: Select[Any]) -> Iterator[Any]:
    """A cursor of the driver after this statement, in the same transaction.

    Without parameters the driver takes per cents and question marks of a query as they are.
    """
    driver: Any = connection.connection.dbapi_connection
    with closing(driver.cursor()) as cursor:
        cursor.execute(str(asked.compile(dialect=connection.dialect)))
        yield cursor


def _batches(connection: Connection, asked: Select[Any], name: str) -> Iterator[pa.RecordBatch]:
    """The rows as text, a batch at a time."""
    with _executed(connection, asked) as cursor:
        uuids, row = names_of_uuids(cursor.description), 1
        with cursor.arrow_reader(BATCH) as reader:
            for batch in reader:
                yield arrow_texts(batch, uuids, row, name)
                row += batch.num_rows


def names_of_uuids(description: Sequence[Sequence[Any]]) -> frozenset[str]:
    """Columns whose capital letters mean nothing: Python writes a UUID in small ones."""
    return frozenset(name for name, kind, *_ in description if kind is uuid.UUID)
