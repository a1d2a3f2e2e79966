"""The SELECT that is asked of the rows: all cells as text, the scope compared trimmed."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from contextlib import closing
from typing import Any

import duckdb
import pyarrow as pa
from sqlalchemy import (
    ColumnElement,
    FromClause,
    Select,
    Text,
    cast,
    column,
    func,
    literal,
    select,
    table,
    text,
)
from sqlalchemy.dialects import sqlite
from sqlalchemy.sql.elements import quoted_name

from customer_orders.config import SourceSettings
from customer_orders.databases import DUCKDB
from customer_orders.model import BLANKS

#: What the rows of a file are called in the engine.
ORDERS = "orders"
#: Rows fetched from a database at a time.
BATCH = 5_000


def columns_read(source: SourceSettings, wanted: Sequence[str]) -> list[str]:
    """The wanted columns, and those that only the scope looks at."""
    return list(dict.fromkeys((*wanted, *(name for name, _, _ in source.scope))))


def orders_table(name: str, columns: Sequence[str]) -> FromClause:
    """A table by its name, with a schema before the last dot; every name is quoted."""
    schema, _, bare = name.rpartition(".")
    return table(
        quoted_name(bare, True),
        *(column(quoted_name(c, True)) for c in columns),
        schema=quoted_name(schema, True) if schema else None,
    )


def orders_of(source: SourceSettings, query: str | None, columns: Sequence[str]) -> FromClause:
    """The table, or the user's own query in its place."""
    return orders_query(query, columns) if query else orders_table(source.table or "", columns)


def orders_query(query: str, columns: Sequence[str] = ()) -> FromClause:
    """The user's own SELECT as a sub-select. A colon in it is no parameter."""
    typed = text(query.replace(":", r"\:"))
    return typed.columns(*(column(quoted_name(c, True)) for c in columns)).subquery(ORDERS)


def counted(name: str) -> Select[int]:
    """How many rows a table has."""
    return select(func.count()).select_from(orders_table(name, ()))


def statement(
    source: SourceSettings, wanted: Sequence[str], orders: FromClause
) -> Select[*tuple[Any, ...]]:
    """The wanted cells as text, blank instead of NULL, of the rows within the scope."""
    conditions = []
    for name, operator, value in source.scope:
        cell = func.trim(_text(orders, name), BLANKS)
        values = [value] if isinstance(value, str) else list(value)
        among = cell.in_([v.strip(BLANKS) for v in values])
        conditions.append(among if operator in ("=", "in") else ~among)
    labelled = [_text(orders, name).label(quoted_name(name, True)) for name in wanted]
    return select(*labelled).select_from(orders).where(*conditions)


def _text(orders: FromClause, name: str) -> ColumnElement[str]:
    # Columns are named with their table: SQLite takes a bare name that is absent for a text.
    return func.coalesce(cast(orders.c[name], Text), literal(""))


def compiled(asked: Select[*tuple[Any, ...]]) -> tuple[str, list[object]]:
    """SQLite's dialect, which DuckDB reads as well: double quotes and question marks."""
    done = asked.compile(dialect=sqlite.dialect(), compile_kwargs={"render_postcompile": True})
    return done.string, [done.params[name] for name in done.positiontup or ()]


def in_scope(
    batches: Iterable[pa.RecordBatch], source: SourceSettings, wanted: Sequence[str]
) -> pa.Table:
    """The wanted cells of the rows within the scope, by the same statement as a table's.

    One batch is looked at at a time, so that only what is wanted stays in memory.
    """
    orders = orders_table(ORDERS, columns_read(source, wanted))
    sql, parameters = compiled(statement(source, wanted, orders))
    found = [_no_rows(wanted)]
    with closing(duckdb.connect(config=DUCKDB)) as engine:
        for batch in batches:
            engine.register(ORDERS, pa.Table.from_batches([batch]))
            found.append(engine.sql(sql, params=parameters).to_arrow_table())
    return pa.concat_tables(found)


def _no_rows(wanted: Sequence[str]) -> pa.Table:
    return pa.schema([(name, pa.string()) for name in wanted]).empty_table()
