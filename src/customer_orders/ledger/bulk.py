"""Many rows at once, by the fastest way that an engine has."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, Table, insert, text
from sqlalchemy.exc import DBAPIError

from customer_orders.ledger.schema import SCHEMA

#: After so many rows PostgreSQL is told to count: its plans would take the table for empty.
MANY = 1_000


def fill(connection: Connection, table: Table, rows: Sequence[Mapping[str, Any]]) -> None:
    """Insert the rows; all have the same columns, and only the engine fills others."""
    if not rows:
        return
    if connection.dialect.driver == "psycopg":
        _copy(connection, table, rows)
    else:
        connection.execute(insert(table), rows)


def _copy(connection: Connection, table: Table, rows: Sequence[Mapping[str, Any]]) -> None:
    dialect, names = connection.dialect, list(rows[0])
    quote = dialect.identifier_preparer.quote
    place = f"{quote(SCHEMA)}.{quote(table.name)}"
    statement = f"copy {place} ({', '.join(map(quote, names))}) from stdin"
    driver: Any = dialect.loaded_dbapi
    cursor: Any = connection.connection.cursor()
    try:
        with cursor, cursor.copy(statement) as copy:
            for row in rows:
                copy.write_row([row[name] for name in names])
    except driver.Error as exc:
        raise DBAPIError.instance(statement, None, exc, driver.Error, dialect=dialect) from exc
    if len(rows) >= MANY:
        connection.execute(text(f"analyze {place}"))
