"""PostgreSQL through ADBC: cells become text in the server, and arrive as Arrow.

A table or a query is looked at and read in one transaction that only reads and sees one moment.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pyarrow as pa
from sqlalchemy import (
    NUMERIC,
    URL,
    Boolean,
    ColumnElement,
    Date,
    Select,
    Text,
    case,
    cast,
    func,
    literal,
    select,
    text,
)
from sqlalchemy.dialects import postgresql
from sqlalchemy.pool import NullPool
from sqlalchemy.sql.elements import quoted_name

from customer_orders.config import SourceSettings, redacted
from customer_orders.databases import DRIVERS, Trouble, engine_of, hint_of, words_of
from customer_orders.errors import SourceError
from customer_orders.source.cells import SESSION
from customer_orders.source.columns import (
    INTEGER,
    TEXT,
    Origin,
    absent_table,
    known_kind,
    unique_header,
)
from customer_orders.source.statement import columns_read, in_scope, orders_of
from customer_orders.source.steady import PATIENCE, RELOAD, refuse_moved

if TYPE_CHECKING:
    from adbc_driver_manager.dbapi import Connection, Cursor

WHOLE = ("int2", "int4", "int8")
NO_TABLE = "42P01"
#: What ADBC says of the type that a column has in the server.
TYPE = b"POSTGRESQL:type"
#: One moment; values as text in one form, whatever the server and the client are set to.
BEGINNING = (
    "SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY",
    *SESSION,
    f"SET LOCAL lock_timeout = '{PATIENCE}s'",
)
#: The tables that this transaction has looked at: none can be swapped, emptied or dropped before it
#: ends. `moved` says that one was, after the moment that the transaction sees. The catalog is asked
#: as of that moment; the functions give what is true now.
TABLES = """
SELECT l.relation::bigint AS id, pg_relation_filenode(l.relation)::bigint AS file,
  i.identity AS name, c.oid IS NULL
  OR nullif(c.relfilenode, 0)::bigint IS DISTINCT FROM pg_relation_filenode(c.oid)::bigint
  OR format('%I.%I', n.nspname, c.relname) IS DISTINCT FROM i.identity AS moved
FROM pg_locks AS l
CROSS JOIN LATERAL pg_identify_object('pg_class'::regclass, l.relation, 0) AS i
LEFT JOIN pg_class AS c ON c.oid = l.relation
LEFT JOIN pg_namespace AS n ON n.oid = c.relnamespace
WHERE l.locktype = 'relation' AND l.pid = pg_backend_pid() AND l.relation >= 16384
  AND coalesce(c.relkind, 'r') IN ('r', 'p', 'm', 'f', 'v')
"""
NAMES = """
SELECT n.nspname::text AS schema, c.relname::text AS name, pg_table_is_visible(c.oid) AS usual
FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace
WHERE c.relkind IN ('r', 'p', 'm', 'f', 'v') AND n.nspname !~ '^(pg_|information_schema$)'
"""


@dataclass(frozen=True, kw_only=True, slots=True)
class _Seen:
    """What a look at a table or a query found."""

    #: Column -> its type in the server, in the order of the source.
    types: Mapping[str, str]
    #: The tables that the rows come from: number, file and name of each.
    tables: frozenset[tuple[Any, ...]]


def _driver() -> Any:
    """ADBC's driver, from an extra: only who reads PostgreSQL needs it. Raises SourceError."""
    try:
        from adbc_driver_postgresql import dbapi
    except ImportError as exc:
        raise SourceError(
            "[source] url: the driver for postgresql is not installed",
            hint=DRIVERS["postgresql"],
        ) from exc
    return dbapi


class _Server:
    """Where the orders are, and what of it is asked."""

    def __init__(self, url: URL, source: SourceSettings, query: str | None) -> None:
        self.source, self.query = source, query
        self.database = url.set(drivername="postgresql", query={}).render_as_string()
        self.name = f"the query {source.query}" if query else f"the table {source.table}"
        self._url = url
        self._driver = _driver()

    @contextmanager
    def reading(self) -> Iterator[Cursor]:
        """A transaction that sees one moment. Raises SourceError for whatever goes wrong in it."""
        # What goes wrong while rows stream in is an error of Arrow.
        foreign = (self._driver.Error, pa.ArrowException, OSError)
        with closing(self._connected()) as connection, closing(connection.cursor()) as cursor:
            try:
                for words in BEGINNING:
                    cursor.execute(words)
                yield cursor
            except foreign as exc:
                raise self._error(exc) from exc

    def _connected(self) -> Connection:
        try:
            connection: Connection = self._driver.connect(_conninfo(self._url))
        except self._driver.Error as exc:
            raise SourceError(
                redacted(f"{self.database} cannot be read: {words_of(exc)}"),
                hint=Trouble.CUT.value,
            ) from exc
        return connection

    def seen(self, cursor: Cursor) -> _Seen:
        """Columns and tables, which stay as they are from now on until the transaction ends."""
        nothing = select(text("*")).select_from(orders_of(self.source, self.query, ())).limit(0)
        schema = _rows(cursor, _sql(nothing)).schema
        found = _rows(cursor, TABLES).to_pylist()
        refuse_moved(self.name, any(table["moved"] for table in found))
        return _Seen(
            types={field.name: _type(field) for field in schema},
            tables=frozenset((table["id"], table["file"], table["name"]) for table in found),
        )

    def _error(self, exc: Exception) -> SourceError:
        if getattr(exc, "sqlstate", None) == NO_TABLE and not self.query:
            return self._absent()
        return SourceError(
            redacted(f"{self.name} of {self.database} cannot be read: {words_of(exc)}"),
            hint=hint_of(exc, RELOAD),
        )

    def _absent(self) -> SourceError:
        schema = (self.source.table or "").rpartition(".")[0]
        with self.reading() as cursor:
            found = _rows(cursor, NAMES).to_pylist()
        names = [t["name"] for t in found if (t["schema"] == schema if schema else t["usual"])]
        return absent_table(self.source.table or "", self.database, names)


def origin(url: URL, source: SourceSettings, query: str | None) -> Origin:
    """The columns of the table or the query. Raises SourceError when they cannot be read."""
    server = _Server(url, source, query)
    with server.reading() as cursor:
        asked = server.seen(cursor)

    def rows(wanted: Sequence[str]) -> pa.Table:
        columns = columns_read(source, wanted)
        with server.reading() as cursor:
            refuse_moved(server.name, server.seen(cursor) != asked)
            cells = orders_of(source, query, columns)
            texts = [_text(cells.c[c], asked.types[c]).label(quoted_name(c, True)) for c in columns]
            cursor.execute(_sql(select(*texts).select_from(cells)))
            return in_scope(cursor.fetch_record_batch(), source, wanted)

    return Origin(name=server.name, kinds=_kinds(server, asked), rows=rows, query=query or "")


def _kinds(server: _Server, asked: _Seen) -> dict[str, str]:
    """A query is treated alike by every driver: kinds as in a file without types."""
    if server.query:
        header = unique_header(asked.types, str(server.source.query))
        return {name: known_kind(name) for name in header}
    return {name: INTEGER if kind in WHOLE else TEXT for name, kind in asked.types.items()}


def _conninfo(url: URL) -> str:
    """What libpq takes, with the hosts, ports and options of the URL."""
    from psycopg.conninfo import make_conninfo  # of the same extra

    engine = engine_of(url, "[source] url", SourceError, poolclass=NullPool)
    _, arguments = engine.dialect.create_connect_args(url)
    arguments.pop("context", None)  # psycopg's own
    # ADBC takes every text for UTF-8, whatever the database is in.
    conninfo: str = make_conninfo("", **{**arguments, "client_encoding": "UTF8"})
    return conninfo


def _rows(cursor: Cursor, sql: str) -> pa.Table:
    cursor.execute(sql)
    return cursor.fetch_arrow_table()


def _type(field: pa.Field) -> str:
    return str((field.metadata or {}).get(TYPE, b""), "utf-8")


def _sql(asked: Select[*tuple[Any, ...]]) -> str:
    """The statement. COPY, which ADBC reads through, takes no parameters: it has none of ours."""
    # `named`: a per cent is no mark of a parameter either. SQLAlchemy's dialects have no types.
    dialect = postgresql.dialect(paramstyle="named")  # type: ignore[no-untyped-call]
    return str(asked.compile(dialect=dialect, compile_kwargs={"literal_binds": True}))


def _text(cell: ColumnElement[Any], kind: str) -> ColumnElement[Any]:
    """A cell as `cells.as_text` would write it."""
    plain = cast(cell, Text)
    match kind:
        case "bool":
            return func.upper(plain)
        case "float4" | "float8":
            return func.nullif(cast(cast(plain, NUMERIC), Text), "NaN")
        case "numeric":
            return func.nullif(plain, "NaN")
        case "timestamp":
            return _time(cell, "YYYY-MM-DD HH24:MI:SS")
        case "timestamptz":
            return _time(cell, "YYYY-MM-DD HH24:MI:SSTZH:TZM")
        case "bytea":
            return func.convert_from(cell, "UTF8")
        case _:
            return plain


def _time(cell: ColumnElement[Any], form: str) -> ColumnElement[Any]:
    """A day without a time stays a day; parts of a second are left out."""
    midnight = cast(cell == func.date_trunc("day", cell), Boolean)
    return case((midnight, cast(cast(cell, Date), Text)), else_=func.to_char(cell, literal(form)))
