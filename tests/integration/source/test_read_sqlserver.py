"""SQL Server as a source, on a server whose URL stands in CUSTOMER_ORDERS_TEST_MSSQL_URL."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from reading import NEEDED, everything, of_table, settings

from customer_orders.databases import database_url
from customer_orders.demo import sample, tables
from customer_orders.errors import SourceError
from customer_orders.source import read
from customer_orders.source.read import _origin

SERVER = "CUSTOMER_ORDERS_TEST_MSSQL_URL"
NAME = "ORDERS_OF_THE_TESTS"
pytestmark = [
    pytest.mark.mssql,
    pytest.mark.skipif(SERVER not in os.environ, reason=f"{SERVER} is not set"),
]


@pytest.fixture(autouse=True)
def orders() -> Iterator[sa.Table]:
    """The sample's table, which is gone again at the end."""
    table = tables.orders_table(NAME)
    with tables.database(database_url(os.environ[SERVER])) as connection:
        tables.replace(connection, table, sample.rows())
    yield table
    execute("DROP TABLE IF EXISTS " + NAME)


def execute(*statements: str) -> None:
    """Run statements in one transaction of another connection."""
    with tables.database(database_url(os.environ[SERVER])) as connection:
        for statement in statements:
            connection.exec_driver_sql(statement)


def configured(folder: Path, **source: Any) -> Any:
    return settings(folder, url=f"env/{SERVER}", **{"table": NAME, **source})


@pytest.mark.parametrize("scope", [(), (("PO NUMBER", "=", "4755"),)])
def test_the_sample_is_read_alike(tmp_path: Path, scope: tuple[Any, ...]) -> None:
    """SQLite and SQL Server give the same cells and sizes."""
    sample.write_sqlite(tmp_path / "orders.db", sample.rows())
    plain = everything(of_table(tmp_path, scope=scope))
    found = everything(configured(tmp_path, scope=scope))
    assert sorted(found.table.to_pylist(), key=str) == sorted(plain.table.to_pylist(), key=str)
    assert found.sizes == plain.sizes


def test_table_is_absent(tmp_path: Path) -> None:
    """The nearest name is told."""
    with pytest.raises(SourceError, match=f'nearest: "{NAME}"'):
        read(configured(tmp_path, table="ORDERS_OF_THE_TEST"), NEEDED)


def test_a_table_that_is_swapped(tmp_path: Path) -> None:
    """The table that is read must be the one that was asked for its columns."""
    origin = _origin(configured(tmp_path), [])
    execute(
        f"SELECT * INTO FRESH_OF_THE_TESTS FROM {NAME}",
        f"DROP TABLE {NAME}",
        f"EXEC sp_rename 'FRESH_OF_THE_TESTS', '{NAME}'",
    )
    with pytest.raises(SourceError, match="was replaced or emptied"):
        origin.rows(["PO NUMBER"])


def test_a_table_that_shrinks(tmp_path: Path) -> None:
    """Rows that were there a moment ago are gone: a load is at work."""
    origin = _origin(configured(tmp_path), [])
    execute(f"DELETE FROM {NAME} WHERE [PO NUMBER] = '4755'")
    with pytest.raises(SourceError, match="had 600 rows a moment ago, and has 531 now"):
        origin.rows(["PO NUMBER"])
