"""Many rows at once, by the fastest way that an engine has."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, Table, insert, text

from customer_orders.databases import copy_rows
from customer_orders.ledger.schema import SCHEMA

#: After so many rows PostgreSQL is told to count: its plans would take the table for empty.
MANY = 1_000


def fill(connection: Connection, table: Table, rows: Sequence[Mapping[str, Any]]) -> None:
    """Insert the rows; all have the same columns, and only the engine fills others."""
    if not rows:
        return
    if connection.dialect.driver != "psycopg":
        connection.execute(insert(table), rows)
        return
    names = list(rows[0])
    place = f"{SCHEMA}.{connection.dialect.identifier_preparer.quote(table.name)}"
    copy_rows(connection, place, names, ([row[name] for name in names] for row in rows))
    if len(rows) >= MANY:
        connection.execute(text(f"analyze {place}"))
