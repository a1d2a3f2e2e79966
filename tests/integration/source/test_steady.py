"""A table that vanishes, shrinks or is swapped while it is read stops the read, on any engine."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import psycopg
import pytest
from reading import (
    NEEDED,
    POSTGRES,
    TABLE,
    of_table,
    read_beside,
    settings,
    write_postgres,
    write_table,
)
from sqlalchemy import Engine, event

from customer_orders.config import Settings
from customer_orders.errors import SourceError
from customer_orders.source import read
from customer_orders.source.read import _origin

ROWS = [(f"N{n}", "A", "PCE", 1, 2, 3, "x") for n in range(10)]
HALF = f'DELETE FROM "{TABLE}" WHERE "NUMBER" < \'N5\''
SWAP = (
    f'CREATE TABLE fresh AS SELECT * FROM "{TABLE}"',
    f'DROP TABLE "{TABLE}"',
    f'ALTER TABLE fresh RENAME TO "{TABLE}"',
)
Load = Callable[..., None]


def on_sqlite(folder: Path) -> Load:
    """Runs statements in one transaction of another connection."""

    def run(*statements: str) -> None:
        with closing(sqlite3.connect(folder / "orders.db")) as connection, connection:
            for statement in statements:
                connection.execute(statement)

    return run


def on_postgres(_: Path) -> Load:
    def run(*statements: str) -> None:
        with psycopg.connect(os.environ[POSTGRES]) as connection:
            for statement in statements:
                connection.execute(statement)

    return run


def of_driver(folder: Path) -> Settings:
    return settings(folder, url="sqlite+pysqlite:///orders.db", table=TABLE)


@pytest.fixture
def of_postgres_driver(monkeypatch: pytest.MonkeyPatch) -> Callable[[Path], Settings]:
    """PostgreSQL through SQLAlchemy, by the name of its driver."""

    def configure(folder: Path) -> Settings:
        url = os.environ[POSTGRES].replace("postgresql:", "postgresql+psycopg:")
        monkeypatch.setenv("ORDERS_DB_URL", url)
        return settings(folder, url="env/ORDERS_DB_URL", table=TABLE)

    return configure


@pytest.mark.parametrize("configure", [of_table, of_driver])
def test_a_table_that_shrinks(tmp_path: Path, configure: Callable[[Path], Settings]) -> None:
    """Rows that were there a moment ago are gone: a load is at work."""
    write_table(tmp_path / "orders.db", ROWS)
    origin = _origin(configure(tmp_path), NEEDED)
    assert origin.rows(NEEDED).num_rows == 10
    on_sqlite(tmp_path)(HALF)
    with pytest.raises(SourceError, match="had 10 rows a moment ago, and has 5 now") as error:
        origin.rows(NEEDED)
    assert "run again" in error.value.hint


@pytest.mark.parametrize("configure", [of_table, of_driver])
def test_a_table_that_grows(tmp_path: Path, configure: Callable[[Path], Settings]) -> None:
    """Somebody enters another order: it is read, as an order that came a moment before."""
    write_table(tmp_path / "orders.db", ROWS)
    origin = _origin(configure(tmp_path), NEEDED)
    on_sqlite(tmp_path)(f"INSERT INTO {TABLE} (NUMBER) VALUES ('N10')")
    assert origin.rows(NEEDED).num_rows == 11


@pytest.mark.parametrize("configure", [of_table, of_driver])
def test_a_table_that_vanishes(tmp_path: Path, configure: Callable[[Path], Settings]) -> None:
    """Between two steps of a load it is not there: an error, never no rows."""
    write_table(tmp_path / "orders.db", ROWS)
    origin = _origin(configure(tmp_path), NEEDED)
    on_sqlite(tmp_path)(f"ALTER TABLE {TABLE} RENAME TO gone")
    with pytest.raises(SourceError, match=r"was replaced or emptied|no such table"):
        origin.rows(NEEDED)


@pytest.mark.parametrize("query", [False, True])
def test_a_table_that_is_swapped(tmp_path: Path, query: bool) -> None:
    """A load builds the table beside and swaps it by rename, with as many rows."""
    write_table(tmp_path / "orders.db", ROWS)
    configured = of_table(tmp_path)
    if query:
        (tmp_path / "orders.sql").write_text(f"SELECT * FROM {TABLE}", encoding="utf-8")
        configured = settings(tmp_path, url="sqlite:///orders.db", query="orders.sql")
    origin = _origin(configured, NEEDED)
    assert origin.rows(NEEDED).num_rows == 10
    on_sqlite(tmp_path)(*SWAP)
    with pytest.raises(SourceError, match="was replaced or emptied"):
        origin.rows(NEEDED)
    assert read(configured, NEEDED).table.num_rows == 10


def test_a_file_that_is_swapped(tmp_path: Path) -> None:
    """A load may write a whole new file of the same shape and move it over the old one."""
    write_table(tmp_path / "orders.db", ROWS)
    write_table(tmp_path / "fresh.db", ROWS)
    origin = _origin(of_table(tmp_path), NEEDED)
    (tmp_path / "fresh.db").replace(tmp_path / "orders.db")
    with pytest.raises(SourceError, match="was replaced or emptied"):
        origin.rows(NEEDED)


@contextmanager
def before_statement(part: str, number: int, act: Callable[[], None]) -> Iterator[None]:
    """Acts from elsewhere just before SQLAlchemy sends the n-th statement with this part."""
    seen = 0

    def look(_: Any, __: Any, statement: str, *rest: Any) -> None:
        nonlocal seen
        seen += part in statement
        if part in statement and seen == number:
            act()

    event.listen(Engine, "before_cursor_execute", look)
    try:
        yield
    finally:
        event.remove(Engine, "before_cursor_execute", look)


@pytest.mark.parametrize(
    ("part", "number", "message"),
    [
        ("count(*)", 1, "had 10 rows a moment ago, and has 5 now"),
        ("NUMBER", 1, "had 10 rows a moment ago, and has 5 now"),
        ("count(*)", 2, "had 10 rows a moment ago, and has 5 now"),
    ],
)
def test_postgres_without_one_moment(
    tmp_path: Path,
    of_postgres_driver: Callable[[Path], Settings],
    part: str,
    number: int,
    message: str,
) -> None:
    """Where every statement sees its own moment, rows are counted before, while and after."""
    write_postgres(tmp_path, ROWS)
    origin = _origin(of_postgres_driver(tmp_path), NEEDED)
    with (
        before_statement(part, number, lambda: on_postgres(tmp_path)(HALF)),
        pytest.raises(SourceError, match=message),
    ):
        origin.rows(NEEDED)
    assert read(of_postgres_driver(tmp_path), NEEDED).table.num_rows == 5


@pytest.mark.parametrize("journal", ["delete", "wal"])
def test_reads_beside_a_busy_loader(tmp_path: Path, journal: str) -> None:
    """Whatever a loader does at the time: all rows of one load, or an error."""
    write_table(tmp_path / "orders.db", [("N0", "0", "PCE", 1, 2, 3, "")] * 300)
    on_sqlite(tmp_path)(f"PRAGMA journal_mode = {journal}")

    def load(generation: int) -> None:
        fresh = f"UPDATE {TABLE} SET STYLE = '{generation}'"
        steps = (fresh, *SWAP) if generation % 2 else (fresh,)
        with closing(sqlite3.connect(tmp_path / "orders.db", timeout=30)) as connection:
            connection.isolation_level = None
            connection.execute("BEGIN IMMEDIATE")
            for step in steps:
                connection.execute(step)
            connection.execute("COMMIT")

    read_beside(load, of_table(tmp_path), rows=300)
