"""How each engine is written to: one transaction, the table locked, rows by the engine's own id."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from sqlalchemy import (
    BigInteger,
    Column,
    Connection,
    Dialect,
    MetaData,
    Select,
    Table,
    Text,
    Update,
    bindparam,
    cast,
    column,
    event,
    func,
    insert,
    inspect,
    select,
    table,
    text,
    update,
)
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.pool import NullPool
from sqlalchemy.schema import CreateTable, DropTable
from sqlalchemy.types import UserDefinedType

from customer_orders.config import redacted
from customer_orders.databases import copy_rows, database_url, engine_of, hint_of, words_of
from customer_orders.errors import SourceError
from customer_orders.stamp.marks import HASH, KINDS, UUID, Marks

ENGINES = ("sqlite", "postgresql", "mssql")
#: Seconds to wait for whoever has the table.
PATIENCE = 30
#: SQLite's names for the place of a row; a column may bear one of them.
ROW_IDS = ("rowid", "_rowid_", "oid")
#: Where nothing but a change of the table locks it: rows that were read before may be others now.
LOCKED_BY_CHANGE = ("mssql",)
#: SQL Server keeps no place of a row that can be asked: this column numbers them for a moment.
NUMBER = "customer_orders_row"
#: Holds what is to be written until one statement writes it.
STAGE = "customer_orders_stamp"
#: Whether it is no plain table of PostgreSQL, or one that others inherit from.
PARTS = text("""
SELECT c.relkind <> 'r' OR EXISTS (SELECT FROM pg_inherits AS i WHERE i.inhparent = c.oid)
FROM pg_class AS c WHERE c.oid = to_regclass(:orders)
""")

#: Place, record_uuid and row_hash of a row.
Written = tuple[str, str | None, str | None]


class _RowId(UserDefinedType[str]):
    """PostgreSQL's type of a row's place."""

    cache_ok = True

    def get_col_spec(self, **_: Any) -> str:
        return "tid"


@contextmanager
def transaction(url: str, name: str) -> Iterator[Connection]:
    """One transaction on the source's database: all of it, or nothing. Raises SourceError."""
    engine = engine_of(database_url(url), "[source] deploy_url", SourceError, poolclass=NullPool)
    if engine.dialect.name not in ENGINES:
        raise SourceError(
            f"columns cannot be added on {engine.dialect.name}",
            hint="nothing needs them: lines are known by their key columns",
        )
    if engine.dialect.name == "sqlite":
        event.listen(engine, "connect", _leave_transactions_to_us)
        event.listen(engine, "begin", lambda c: c.exec_driver_sql("BEGIN IMMEDIATE"))
    try:
        with engine.begin() as connection:
            yield connection
    except SQLAlchemyError as exc:
        raise SourceError(
            redacted(f"{name} could not be changed: {words_of(exc)}"),
            hint=hint_of(exc, "nothing was changed; [source] deploy_url may name another user"),
        ) from exc


def _leave_transactions_to_us(connection: Any, _record: Any) -> None:
    # The driver's own BEGIN would come after the first ALTER.
    connection.isolation_level = None
    connection.execute(f"PRAGMA busy_timeout = {PATIENCE * 1000}")


def locking(dialect: str, orders: str) -> list[str]:
    """What keeps everybody else away from the table until the transaction ends."""
    match dialect:
        case "postgresql":
            patience = f"SET LOCAL lock_timeout = '{PATIENCE}s'"
            return [patience, f"LOCK TABLE {orders} IN ACCESS EXCLUSIVE MODE"]
        case "mssql":  # ALTER TABLE locks the table there
            return [f"SET LOCK_TIMEOUT {PATIENCE * 1000}", "SET XACT_ABORT ON"]
    return []  # SQLite has locked the file


def place_of(connection: Connection, orders: str, columns: Collection[str]) -> str:
    """The column with the place of a row; "" on SQL Server while its rows are not numbered."""
    match connection.dialect.name:
        case "postgresql":
            return "ctid"
        case "mssql":
            return connection.scalar(identity_asked(orders)) or ""
    taken = {name.lower() for name in columns}
    return next(name for name in ROW_IDS if name not in taken)


def refuse_parts(connection: Connection, orders: str, name: str) -> None:
    """Raise SourceError where rows of PostgreSQL stand in parts, as a ctid is of one part only."""
    if connection.dialect.name != "postgresql":
        return
    # The driver's quoting writes a per cent twice; here it is a value.
    if connection.scalar(PARTS, {"orders": orders.replace("%%", "%")}):
        raise SourceError(
            f"the table {name} keeps its rows in other tables: a view, partitions or inheritance",
            hint="nothing needs the columns: lines are known by their key columns; "
            "nothing was changed",
        )


def identity_asked(orders: str) -> Select[Any]:
    """The column of this quoted table that numbers its rows by itself."""
    known = table("identity_columns", column("name"), column("object_id"), schema="sys")
    return select(known.c["name"]).where(known.c.object_id == func.object_id(orders))


def numbering(orders: str, place: str) -> tuple[str, str]:
    """The statements that lock the table and number its rows, and that take the column off again.

    A table numbers its rows by one column at most: where it does, ours is blank and only locks.
    """
    kind = "BIGINT NULL" if place else "BIGINT IDENTITY(1,1) NOT NULL"
    return (
        f"ALTER TABLE {orders} ADD {NUMBER} {kind}",
        f"ALTER TABLE {orders} DROP COLUMN {NUMBER}",
    )


def refuse_twins(connection: Connection, orders: Table, place: str) -> None:
    """Raise SourceError where two rows have one place, in the scope or not: both would be hit."""
    rows, different = connection.execute(twins_asked(orders, place)).one()
    if rows != different:
        raise SourceError(
            f'the column "{place}" of {orders.fullname} numbers rows, but has a number twice',
            hint="nothing needs the new columns: lines are known by their key columns; "
            "nothing was changed",
        )


def twins_asked(orders: Table, place: str) -> Select[int, int]:
    """How many rows there are, and how many places."""
    return select(func.count(), func.count(orders.c[place].distinct())).select_from(orders)


def write(
    connection: Connection, orders: Table, marks: Marks, place: str, rows: Sequence[Written]
) -> None:
    """Write these rows, in bulk."""
    dialect = connection.dialect.name
    filling = filled(dialect, orders, marks, place)
    if dialect == "sqlite":
        named = [{"place": int(at), "uuid": uuid, "hash": hashed} for at, uuid, hashed in rows]
        connection.execute(filling, named)
        return
    stage = stage_of(dialect)
    stage.create(connection)
    _load(connection, stage, rows)
    connection.execute(filling)
    stage.drop(connection)


def writing(dialect: Dialect, orders: Table, marks: Marks, place: str) -> list[str]:
    """What `write` sends, the rows themselves left out."""
    filling = filled(dialect.name, orders, marks, place)
    if dialect.name == "sqlite":
        return [str(filling.compile(dialect=dialect))]
    stage = stage_of(dialect.name)
    sent = (CreateTable(stage), filling, DropTable(stage))
    return [str(statement.compile(dialect=dialect)) for statement in sent]


def stage_of(dialect: str) -> Table:
    """A temporary table for what is to be written."""
    server = dialect == "mssql"
    return Table(
        f"#{STAGE}" if server else STAGE,
        MetaData(),
        Column("place", BigInteger() if server else Text(), nullable=False),
        Column(UUID, KINDS[UUID]),
        Column(HASH, KINDS[HASH]),
        prefixes=[] if server else ["TEMPORARY"],
    )


def filled(dialect: str, orders: Table, marks: Marks, place: str) -> Update:
    """The statement that fills the two columns: from the stage, or row by row on SQLite."""
    if dialect == "sqlite":
        bound: dict[str, Any] = {marks.uuid: bindparam("uuid"), HASH: bindparam("hash")}
        return update(orders).values(bound).where(orders.c[place] == bindparam("place"))
    stage = stage_of(dialect)
    staged = cast(stage.c.place, _RowId()) if dialect == "postgresql" else stage.c.place
    from_stage = {marks.uuid: stage.c[UUID], HASH: stage.c[HASH]}
    return update(orders).values(from_stage).where(orders.c[place] == staged)


def _load(connection: Connection, stage: Table, rows: Sequence[Written]) -> None:
    if connection.dialect.driver == "psycopg":
        copy_rows(connection, STAGE, stage.columns.keys(), rows)
        return
    read = int if connection.dialect.name == "mssql" else str
    values = [{"place": read(at), UUID: uuid, HASH: hashed} for at, uuid, hashed in rows]
    connection.execute(insert(stage), values)


def index_names(connection: Connection, schema: str | None) -> set[str]:
    """Names of indexes that another one may not have."""
    if connection.dialect.name == "mssql":
        return set()  # there they belong to their table, and ours has just got its column
    found = inspect(connection).get_multi_indexes(schema)
    return {str(index["name"]) for indexes in found.values() for index in indexes}
