"""The sample's table on any engine, in that engine's own types."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from datetime import date
from importlib.resources import files
from itertools import islice
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.mssql import NVARCHAR
from sqlalchemy.types import TypeDecorator, TypeEngine

from customer_orders.config import redacted
from customer_orders.databases import copy_rows, engine_of, hint_of, words_of
from customer_orders.errors import SourceError

Row = dict[str, str | int | None]

TABLE = "ORDERS_UNIFIED"
#: A column more, with this text in every row, where the table does not stand in a demo's folder: it
#: goes away with a table that a load rebuilds, and is blank in rows that somebody else wrote.
MARK, MARKED = "customer_orders_demo", "sample"
CHUNK = 1_000


class _Day(TypeDecorator[str]):
    """A day as ISO text; SQLite has no type for it."""

    impl = sa.DATE
    cache_ok = True

    def load_dialect_impl(self, dialect: sa.Dialect) -> TypeEngine[Any]:
        return sa.TEXT() if dialect.name == "sqlite" else sa.DATE()

    def process_bind_param(self, value: str | None, dialect: sa.Dialect) -> Any:
        return value if value is None or dialect.name == "sqlite" else date.fromisoformat(value)


#: Text of any length and of any letters.
_TEXT = sa.TEXT().with_variant(NVARCHAR(), "mssql")
_TYPES: Mapping[str, TypeEngine[Any]] = {
    "INT": sa.INTEGER(),
    "DATE": _Day(),
    "UNIQUEIDENTIFIER": sa.Uuid(as_uuid=False).with_variant(sa.TEXT(), "sqlite"),
}


def columns() -> list[tuple[str, str]]:
    """Name and SQL type of the source columns, in table order."""
    shipped = files("customer_orders") / "config" / "orders_unified_columns.csv"
    return [
        (column["name"], column["sql_type"])
        for column in csv.DictReader(shipped.read_text(encoding="utf-8").splitlines())
    ]


def orders_table(name: str, *, marked: bool = False) -> sa.Table:
    """The source table; with `marked`, its last column says that it is the demo's."""
    kinds = ((column, _TYPES.get(sql_type, _TEXT)) for column, sql_type in columns())
    mark = [sa.Column(MARK, _TEXT, default=MARKED)] if marked else []
    return sa.Table(name, sa.MetaData(), *(sa.Column(*kind) for kind in kinds), *mark)


def whole_rows(lines: Iterable[Row], orders: sa.Table) -> Iterator[tuple[str | int | None, ...]]:
    """Sparse rows as whole ones, in table order."""
    places = {name: place for place, name in enumerate(orders.c.keys())}
    for line in lines:
        cells: list[str | int | None] = [None] * len(places)
        for name, value in line.items():
            cells[places[name]] = value
        if MARK in places:
            cells[places[MARK]] = MARKED
        yield tuple(cells)


@contextmanager
def database(url: sa.URL) -> Iterator[sa.Connection]:
    """One transaction. Raises SourceError for whatever goes wrong in it."""
    engine = engine_of(url, "the sample's database", SourceError, poolclass=sa.NullPool)
    try:
        with engine.begin() as connection:
            yield connection
    except sa.exc.SQLAlchemyError as exc:
        named = url.set(query={}).render_as_string()
        raise SourceError(
            redacted(f"the sample's database {named} failed: {words_of(exc)}"),
            hint=hint_of(exc, "the sample needs the right to make and drop its table"),
        ) from exc


def replace(connection: sa.Connection, orders: sa.Table, lines: Iterable[Row]) -> int:
    """Make the table anew with these lines, in bulk; how many they were."""
    orders.drop(connection, checkfirst=True)
    orders.create(connection)
    cells = whole_rows(lines, orders)
    if connection.dialect.driver == "psycopg":
        name = connection.dialect.identifier_preparer.format_table(orders)
        return copy_rows(connection, name, orders.columns.keys(), cells)
    written, statement = 0, str(sa.insert(orders).compile(connection))
    while chunk := list(islice(cells, CHUNK)):
        connection.exec_driver_sql(statement, chunk)
        written += len(chunk)
    return written


def is_ours(connection: sa.Connection, orders: sa.Table) -> bool:
    """Whether the table is absent, or a demo's own in every row."""
    if not sa.inspect(connection).has_table(orders.name):
        return True
    nothing = sa.select(sa.text("*")).select_from(orders).where(sa.false())
    names = set(connection.execute(nothing).keys())
    if MARK not in names:
        return False
    mark = orders.c[MARK]
    foreign = (
        sa.select(sa.func.count()).select_from(orders).where(mark.is_(None) | (mark != MARKED))
    )
    return not connection.scalar(foreign)
