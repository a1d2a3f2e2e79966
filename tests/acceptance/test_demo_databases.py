"""The demo with its source and its ledger in databases elsewhere."""

from __future__ import annotations

import os
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import psycopg
import pytest
from demonstrated import Demo

from engines import empty_database
from place import Ended, call
from postgres import PASSWORD, Postgres

SAMPLE, LEDGER = "SAMPLE_DB_URL", "LEDGER_DB_URL"


@pytest.fixture
def databases(
    postgres_server: Postgres, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> list[str]:
    """The sample on PostgreSQL, the ledger in a file beside; the options that choose them."""
    monkeypatch.setenv(SAMPLE, postgres_server.database())
    monkeypatch.setenv(LEDGER, f"sqlite:///{tmp_path}/ours.db")
    return ["--source-db", f"env/{SAMPLE}", "--ledger", f"env/{LEDGER}"]


def demonstrate(folder: Path, *options: str, code: int = 0) -> Ended:
    ended = call(folder, "demo", "--po", "4755", "--json", *options)
    assert ended.code == code, ended.err
    return ended


def compared(run: dict[str, Any]) -> dict[str, Any]:
    """What a run came to, without names and times of its own."""
    return {key: run[key] for key in ("name", "status", "items", "subitems", "groups", "mutations")}


def test_the_same_journey(
    tmp_path: Path,
    demo: Demo,
    databases: list[str],
    postgres_server: Postgres,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Both on PostgreSQL it comes to the same; a second one begins anew; no file has a password."""
    monkeypatch.setenv(LEDGER, postgres_server.database())
    for _ in range(2):
        document = demonstrate(tmp_path, *databases).json
        assert [compared(run) for run in document["runs"]] == [compared(run) for run in demo.runs]
        assert document["board"] == demo.document["board"]
        assert document["verified"] is True
    folder = tmp_path / "customer-orders-demo"
    written = [path.read_bytes() for path in folder.rglob("*") if path.is_file()]
    assert not any(PASSWORD.encode() in content for content in written)
    assert not {path.name for path in folder.iterdir()} & {"source.db", "ledger.db"}
    text = (folder / "customer_orders.toml").read_text(encoding="utf-8")
    assert f'url = "env/{SAMPLE}"' in text
    assert f'url = "env/{LEDGER}"' in text
    with psycopg.connect(os.environ[LEDGER]) as connection:
        assert connection.execute("SELECT count(*) FROM customer_orders.run").fetchone() == (3,)


@pytest.mark.parametrize(
    "statements",
    [
        ['CREATE TABLE "ORDERS_UNIFIED" ("PO NUMBER" text)'],
        [
            'CREATE TABLE "ORDERS_UNIFIED" ("PO NUMBER" text, customer_orders_demo text)',
            "INSERT INTO \"ORDERS_UNIFIED\" VALUES ('1', 'sample'), ('2', NULL)",
        ],
    ],
)
def test_a_table_of_somebody_else_stays(
    tmp_path: Path, databases: list[str], statements: list[str]
) -> None:
    """It lacks the demo's mark, or has rows without it: nothing is written anywhere."""
    with psycopg.connect(os.environ[SAMPLE]) as connection:
        for statement in statements:
            connection.execute(statement)
        before = connection.execute('SELECT * FROM "ORDERS_UNIFIED"').fetchall()
        connection.commit()
        ended = demonstrate(tmp_path, *databases, code=1)
        assert "has a table ORDERS_UNIFIED that is not a demo's" in ended.err
        assert "nothing was changed" in ended.err
        assert PASSWORD not in ended.err + ended.out
        assert connection.execute('SELECT * FROM "ORDERS_UNIFIED"').fetchall() == before
    assert not (tmp_path / "customer-orders-demo").exists()


@pytest.mark.parametrize(
    "statement",
    [
        "DELETE FROM event WHERE name = 'demo'",
        "INSERT INTO account_day VALUES ('20931', '2026-01-01', 1, 0)",
    ],
)
def test_a_ledger_of_somebody_else_stays(
    tmp_path: Path, databases: list[str], statement: str
) -> None:
    """It lacks the demo's mark, or knows an account of monday's: nothing is written anywhere."""
    options = databases[2:]
    demonstrate(tmp_path, *options)
    with closing(sqlite3.connect(tmp_path / "ours.db")) as connection, connection:
        connection.execute(statement)
    ended = demonstrate(tmp_path, *options, code=1)
    assert "has runs that are not a demo's" in ended.err
    with closing(sqlite3.connect(tmp_path / "ours.db")) as connection:
        assert connection.execute("SELECT count(*) FROM run").fetchone() == (3,)


@pytest.mark.parametrize("option", ["--source-db", "--ledger"])
def test_only_references_on_the_command_line(tmp_path: Path, option: str) -> None:
    """A URL may hold a password, and everybody on the machine sees what was typed."""
    ended = demonstrate(tmp_path, option, "postgresql://owner:hunter2@host/db", code=1)
    assert f"{option} takes env/NAME" in ended.err
    assert "hunter2" not in ended.err + ended.out


@pytest.mark.parametrize("option", ["--source-db", "--ledger"])
def test_a_reference_to_nothing(tmp_path: Path, option: str) -> None:
    """The variable is named."""
    ended = demonstrate(tmp_path, option, "env/NOT_SET_ANYWHERE", code=1)
    assert "NOT_SET_ANYWHERE is not set" in ended.err


@pytest.mark.mssql
def test_the_same_journey_on_sql_server(
    tmp_path: Path, demo: Demo, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Sample and ledger in one database, which is empty before and after."""
    with empty_database("mssql", tmp_path, unneeded) as url:
        monkeypatch.setenv(SAMPLE, url)
        monkeypatch.setenv(LEDGER, url)
        options = ("--source-db", f"env/{SAMPLE}", "--ledger", f"env/{LEDGER}")
        document = demonstrate(tmp_path, *options).json
    assert [compared(run) for run in document["runs"]] == [compared(run) for run in demo.runs]
    assert document["verified"] is True


def unneeded() -> Postgres:
    raise AssertionError("no PostgreSQL is needed")


def test_a_database_that_is_down(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """One line and a hint, without the password."""
    monkeypatch.setenv(SAMPLE, "postgresql://owner:hunter2@127.0.0.1:1/db")
    ended = demonstrate(tmp_path, "--source-db", f"env/{SAMPLE}", code=1)
    assert "the sample's database postgresql+psycopg://owner:***@127.0.0.1:1/db" in ended.err
    assert "hunter2" not in ended.err + ended.out
