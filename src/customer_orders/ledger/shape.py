"""Whether the database has every table and column that this program's statements name."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Dialect, MetaData, Table, text
from sqlalchemy.schema import CreateColumn, CreateTable

from customer_orders.ledger.database import Ledger, patient, schema_of
from customer_orders.ledger.schema import metadata

#: Table and column names; what engines say of types is not compared.
COLUMNS = text(
    "select TABLE_NAME, COLUMN_NAME from INFORMATION_SCHEMA.COLUMNS where TABLE_SCHEMA = :schema"
)
SQLITE_COLUMNS = text(
    "select t.name, c.name from sqlite_master t join pragma_table_info(t.name) c "
    "where t.type = 'table'"
)


@dataclass(frozen=True, kw_only=True, slots=True)
class Difference:
    """A table or a column that is not there, and the statement that makes it."""

    what: str
    statement: str


@patient
def differences(ledger: Ledger) -> list[Difference]:
    """What is missing; empty when the ledger's tables are those of this program."""
    with ledger.transaction() as connection:
        there = _columns(connection)
        dialect = connection.dialect
    ours: Any = schema_of(dialect.name)
    place = MetaData()
    tables = [table.to_metadata(place, schema=ours) for table in metadata.sorted_tables]
    return [each for table in tables for each in _missing(table, there[table.name], dialect)]


def _columns(connection: Connection) -> defaultdict[str, set[str]]:
    """Table -> names of its columns."""
    schema = schema_of(connection.dialect.name)
    asked = (COLUMNS, {"schema": schema}) if schema else (SQLITE_COLUMNS, {})
    found: defaultdict[str, set[str]] = defaultdict(set)
    for table, column in connection.execute(*asked):
        found[table].add(column)
    return found


def _missing(table: Table, there: set[str], dialect: Dialect) -> Iterator[Difference]:
    if not there:
        made = str(CreateTable(table).compile(dialect=dialect))
        yield Difference(what=f"the table {table.name}", statement=" ".join(made.split()))
        return
    name = dialect.identifier_preparer.format_table(table)
    for column in table.columns:
        if column.name not in there:
            made = str(CreateColumn(column).compile(dialect=dialect))
            yield Difference(
                what=f"the column {table.name}.{column.name}",
                statement=f"ALTER TABLE {name} ADD {made}",
            )
