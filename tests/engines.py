"""An empty database of each engine, for what must hold on all of them."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from sqlalchemy import Connection, create_engine, text

from customer_orders.databases import database_url
from postgres import Postgres

ENGINES = ("sqlite", "postgresql", pytest.param("mssql", marks=pytest.mark.mssql))
#: A database of SQL Server, or of what speaks its protocol, that the tests may fill and empty.
MSSQL = "CUSTOMER_ORDERS_TEST_MSSQL_URL"
TABLES = text("select TABLE_SCHEMA, TABLE_NAME, TABLE_TYPE from INFORMATION_SCHEMA.TABLES")
SCHEMAS = text(
    "select SCHEMA_NAME from INFORMATION_SCHEMA.SCHEMATA where SCHEMA_NAME = 'customer_orders'"
)


@contextmanager
def empty_database(engine: str, folder: Path, server: Callable[[], Postgres]) -> Iterator[str]:
    """The URL of a database without tables; gone, or empty again, at the end."""
    if engine == "sqlite":
        yield f"sqlite:///{(folder / 'ledger.db').as_posix()}"
    elif engine == "postgresql":
        with copied(server()) as url:
            yield url
    else:
        with _mssql() as url:
            yield url


@contextmanager
def copied(server: Postgres, template: str = "template0") -> Iterator[str]:
    """The URL of a copy of a database, gone at the end."""
    url = server.database(template)
    yield url
    server.drop(url)


@contextmanager
def _mssql() -> Iterator[str]:
    url = os.environ.get(MSSQL)
    if not url:
        pytest.skip(f"{MSSQL} is not set: SQL Server was not tested")
    server = create_engine(database_url(url))
    with server.connect() as connection:
        # Somebody's tables are not ours to drop.
        assert connection.execute(TABLES).all() == [], f"{MSSQL} is no empty database"
    try:
        yield url
    finally:
        with server.begin() as connection:
            _empty(connection)
        server.dispose()


def _empty(connection: Connection) -> None:
    quote = connection.dialect.identifier_preparer.quote
    found = connection.execute(TABLES).all()
    for schema, name, kind in sorted(found, key=lambda row: row[2], reverse=True):
        word = "view" if kind == "VIEW" else "table"
        connection.exec_driver_sql(f"drop {word} {quote(schema)}.{quote(name)}")
    for (schema,) in connection.execute(SCHEMAS).all():
        connection.exec_driver_sql(f"drop schema {quote(schema)}")
