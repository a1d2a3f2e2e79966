"""What `check` names of a PostgreSQL table, and that its statements mend it."""

from __future__ import annotations

from pathlib import Path

import psycopg
import pytest
from sqlalchemy import make_url

from customer_orders.config import Settings
from customer_orders.demo import sample, tables
from customer_orders.readiness.places import source_rows
from customer_orders.report import Check
from postgres import Postgres

URL = "READINESS_TESTS_URL"


def found(settings: Settings) -> list[Check]:
    """The rows about columns that do not pass."""
    return [row for row in source_rows(settings)[1:] if row.status != "passed"]


def test_statements_mend_the_table(
    tmp_path: Path, postgres_server: Postgres, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A missing column, one under another name and a size of text: run them, and all is well."""
    url = postgres_server.database()
    monkeypatch.setenv(URL, url)
    with tables.database(make_url(url).set(drivername="postgresql+psycopg")) as connection:
        tables.replace(connection, tables.orders_table(tables.TABLE), sample.rows(80))
    settings = Settings.model_validate(
        {
            "source": {"url": f"env/{URL}", "table": tables.TABLE},
            "board": [{"id": "9000000001", "name": "Customer Master Schedule"}],
            "customers": sample.CUSTOMERS,
            "folder": tmp_path,
        }
    )
    assert found(settings) == []
    with psycopg.connect(url) as connection:
        for change in (
            'DROP COLUMN "EX FACTORY DATE"',
            'RENAME COLUMN "FREIGHT" TO "freight"',
            'ALTER COLUMN "XL" TYPE text',
        ):
            connection.execute(f'ALTER TABLE "{tables.TABLE}" {change}')
    rows = found(settings)
    assert [(row.what, row.status) for row in rows] == [
        ("source column EX FACTORY DATE", "failed"),
        ("source column FREIGHT", "failed"),
        ("source column XL", "warning"),
    ]
    with psycopg.connect(url) as connection:
        for row in rows:
            connection.execute(row.hint.partition("; or ")[0])
    assert found(settings) == []
    postgres_server.drop(url)
