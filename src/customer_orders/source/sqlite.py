"""SQLite through ADBC: the types of the table from the driver of Python, its cells as Arrow."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path

import adbc_driver_manager
import pyarrow as pa
from adbc_driver_sqlite import dbapi
from sqlalchemy import URL, create_engine
from sqlalchemy.pool import NullPool

from customer_orders.config import SourceSettings
from customer_orders.errors import SourceError
from customer_orders.source.columns import Origin
from customer_orders.source.database import columns_of
from customer_orders.source.statement import columns_read, compiled, orders_of, statement


def origin(url: URL, source: SourceSettings, query: str | None) -> Origin:
    """The columns of the table or the query. The file is opened read only, and never made."""
    database = url.database or ""
    engine = create_engine(
        "sqlite://",
        creator=lambda: sqlite3.connect(_read_only(database), uri=True),
        poolclass=NullPool,
    )
    name, kinds = columns_of(engine, database, source, query)

    def rows(wanted: Sequence[str]) -> pa.Table:
        orders = orders_of(source, query, columns_read(source, wanted))
        return _read(database, *compiled(statement(source, wanted, orders)), name)

    return Origin(name=name, kinds=kinds, rows=rows, query=query or "")


def refuse_absent(url: URL) -> None:
    """Raise SourceError when the file is not there: SQLite would make an empty one."""
    if not Path(url.database or "").is_file():
        raise SourceError(f"the database {url.database} is not there", hint="check [source] url")


def _read_only(database: str) -> str:
    return f"{Path(database).resolve().as_uri()}?mode=ro"


def _read(database: str, sql: str, parameters: list[object], name: str) -> pa.Table:
    try:
        with (
            closing(dbapi.connect(_read_only(database))) as connection,
            closing(connection.cursor()) as cursor,
        ):
            cursor.execute(sql, parameters)
            rows = cursor.fetch_arrow_table()
    except adbc_driver_manager.Error as exc:
        raise SourceError(
            f"reading {name} from {database} failed: {exc}",
            hint="the table may be in the middle of a reload; run again",
        ) from exc
    _refuse_bytes(rows, name)
    # Without a row, the driver cannot know that the columns are text.
    return rows.cast(pa.schema([(column, pa.string()) for column in rows.column_names]))


def _refuse_bytes(rows: pa.Table, where: str) -> None:
    """Raise SourceError for a column with text that is not UTF-8."""
    for name in rows.column_names:
        try:
            rows[name].validate(full=True)
        except pa.ArrowInvalid as exc:
            raise SourceError(
                f'{where}: the column "{name}" holds text that is not UTF-8',
                hint="the load wrote bytes of another encoding; mend the cell in the source",
            ) from exc
