"""Engines through SQLAlchemy, here SQLite by the name of its driver, and queries in a file."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from reading import NEEDED, TABLE, everything, of_table, settings, write_table
from sqlalchemy import Engine, event

from customer_orders.config import Settings
from customer_orders.demo import sample
from customer_orders.errors import SourceError
from customer_orders.source import OrderRows, read

ORDER = ("N1", "A", "PCE", 1, 2, 3, "x")
PLAIN, GENERIC = "sqlite", "sqlite+pysqlite"
BOTH = pytest.mark.parametrize("driver", [PLAIN, GENERIC])


def through(folder: Path, driver: str, **source: Any) -> Settings:
    """The configuration of a SQLite database, by the plain URL or through SQLAlchemy."""
    return settings(folder, url=f"{driver}:///orders.db", **source)


def asked(folder: Path, query: str, driver: str = PLAIN, **source: Any) -> OrderRows:
    """A read of a query over the small table."""
    if not (folder / "orders.db").exists():
        write_table(folder / "orders.db", [ORDER, ("N2", "B", "PCE", 4, 5, 9, "50% off: now")])
    (folder / "orders.sql").write_text(query, encoding="utf-8")
    return read(through(folder, driver, query="orders.sql", **source), NEEDED)


@pytest.mark.parametrize(
    "scope", [(), (("PO NUMBER", "=", "4755"), ("AAG ORDER NUMBER", "!=", "GRE-04260"))]
)
def test_the_sample_is_read_alike(tmp_path: Path, scope: tuple[Any, ...]) -> None:
    """Through SQLAlchemy come the same cells as by the plain URL, in batches."""
    sample.write_sqlite(tmp_path / "orders.db", sample.rows(6_000))
    plain = everything(of_table(tmp_path, scope=scope))
    generic = everything(through(tmp_path, GENERIC, table=TABLE, scope=scope))
    assert generic.table.equals(plain.table)
    assert generic.sizes == plain.sizes
    assert plain.table.num_rows == (68 if scope else 6_000)


@BOTH
def test_absent_database(tmp_path: Path, driver: str) -> None:
    """It is named by its whole path, and not made."""
    configured = settings(tmp_path, url=f"{driver}:///none.db", table=TABLE)
    with pytest.raises(SourceError, match=f"the database {tmp_path}/none.db is not there"):
        read(configured, NEEDED)
    assert list(tmp_path.iterdir()) == []


@BOTH
def test_absent_table(tmp_path: Path, driver: str) -> None:
    """The nearest name is told."""
    write_table(tmp_path / "orders.db", [ORDER])
    with pytest.raises(SourceError, match=f'nearest: "{TABLE}"'):
        read(through(tmp_path, driver, table="ORDERS_UNIFED"), NEEDED)


def test_source_without_rows(tmp_path: Path) -> None:
    """An empty table gives text columns without rows."""
    write_table(tmp_path / "orders.db", [])
    rows = read(through(tmp_path, GENERIC, table=TABLE), NEEDED)
    assert (rows.table.num_rows, list(rows.sizes)) == (0, ["S", "M"])


def test_text_that_is_not_utf_8(tmp_path: Path) -> None:
    """The driver's refusal is an error of the source."""
    write_table(tmp_path / "orders.db", [ORDER])
    with closing(sqlite3.connect(tmp_path / "orders.db")) as connection, connection:
        connection.execute(f"UPDATE {TABLE} SET STYLE = CAST(x'4752dc4e' AS TEXT)")
    with pytest.raises(SourceError, match="Could not decode to UTF-8"):
        read(through(tmp_path, GENERIC, table=TABLE), NEEDED)


@pytest.mark.parametrize(
    ("url", "message", "hint"),
    [
        ("mysql+pymysql://host/db", "driver for mysql.pymysql is not", "pip install pymysql"),
        (
            "mssql+pyodbc://host/db",
            "driver for mssql.pyodbc is not",
            'pip install "customer-orders[mssql]"',
        ),
        ("quagga://host/db", "driver for quagga is not", "dialect"),
    ],
)
def test_driver_that_is_not_installed(tmp_path: Path, url: str, message: str, hint: str) -> None:
    """The message names the driver, the hint what to install."""
    with pytest.raises(SourceError, match=message) as error:
        read(settings(tmp_path, url=url, table=TABLE), NEEDED)
    assert hint in error.value.hint


def test_a_password_is_not_repeated(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever is wrong with a database, its password stays out of the message."""
    monkeypatch.setenv("ORDERS_DB_URL", "sqlite+pysqlite://clerk:hunter2@/none/orders.db")
    with pytest.raises(SourceError) as error:
        read(settings(tmp_path, url="env/ORDERS_DB_URL", table=TABLE), NEEDED)
    chain = f"{error.value} {error.value.hint} {error.value.__cause__}"
    assert "hunter2" not in chain


def test_a_password_among_the_options_is_not_repeated(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Some drivers take it behind the question mark."""
    write_table(tmp_path / "orders.db", [ORDER])
    url = f"sqlite+pysqlite:///file:{tmp_path}/orders.db?uri=true&password=hunter2"
    monkeypatch.setenv("ORDERS_DB_URL", url)
    with pytest.raises(SourceError) as error:
        read(settings(tmp_path, url="env/ORDERS_DB_URL", table="NONE"), NEEDED)
    assert "hunter2" not in f"{error.value} {error.value.hint} {error.value.__cause__}"


@BOTH
@pytest.mark.parametrize(
    "query",
    [
        f"SELECT * FROM {TABLE}",
        f"SELECT * FROM {TABLE};\n-- the end; of it\n",
        f"WITH now AS (SELECT * FROM {TABLE}) SELECT * FROM now ORDER BY NUMBER",
        f"SELECT * FROM {TABLE} WHERE S = 1 UNION ALL SELECT * FROM {TABLE} WHERE S <> 1",
        f"SELECT * FROM {TABLE} WHERE NOTES <> ':none %s ?' AND NUMBER LIKE 'N%'",
        f"\ufeff/* DELETE FROM {TABLE} */ SELECT * FROM {TABLE} -- all",
    ],
)
def test_queries(tmp_path: Path, driver: str, query: str) -> None:
    """One SELECT, with or without WITH, comments, colons, per cents and an end."""
    rows = asked(tmp_path, query, driver)
    assert rows.table["STYLE"].to_pylist() == ["A", "B"]
    assert list(rows.sizes) == ["S", "M"]


@BOTH
def test_scope_of_a_query(tmp_path: Path, driver: str) -> None:
    """Conditions and casts apply to what the query gives, by the names it gives."""
    query = f'SELECT *, S + M AS "it\'s both" FROM {TABLE}'
    rows = asked(tmp_path, query, driver, scope=[("it's both", "=", "9")])
    assert rows.table.to_pylist() == [
        {"NUMBER": "N2", "STYLE": "B", "S": "4", "M": "5", "TOTAL QTY": "9"}
    ]


@BOTH
@pytest.mark.parametrize(
    ("query", "message"),
    [
        ("", "holds 0 statements"),
        ("-- nothing", "holds 0 statements"),
        ("SELECT 1; SELECT 2", "holds 2 statements"),
        (f"SELECT * FROM {TABLE}; DELETE FROM {TABLE}", "holds 2 statements"),
        (f"DELETE FROM {TABLE}", "not a SELECT that only reads"),
        (f"UPDATE {TABLE} SET STYLE = 'x' RETURNING *", "not a SELECT that only reads"),
        (f"INSERT INTO {TABLE} SELECT * FROM {TABLE}", "not a SELECT that only reads"),
        (f"DROP TABLE {TABLE}", "not a SELECT that only reads"),
        (f"CREATE TABLE x AS SELECT * FROM {TABLE}", "not a SELECT that only reads"),
        (f"WITH x AS (SELECT 1) DELETE FROM {TABLE}", "not a SELECT that only reads"),
        ("PRAGMA journal_mode = WAL", "not a SELECT that only reads"),
        ("ATTACH 'other.db' AS other", "not a SELECT that only reads"),
        ("SELECT * FROM (", "is not SQL"),
        ("SELECT * FROM ORDERS_UNIFED", "no such table"),
        ("SELECT NUMBER, NUMBER AS number FROM ORDERS_UNIFIED", "are both called"),
    ],
)
def test_queries_that_are_refused(tmp_path: Path, driver: str, query: str, message: str) -> None:
    """Whatever writes, or is more than one statement, is refused before it is sent."""
    with pytest.raises(SourceError, match=message) as error:
        asked(tmp_path, query, driver)
    assert error.value.hint
    assert asked(tmp_path, f"SELECT * FROM {TABLE}", driver).table.num_rows == 2


@pytest.mark.parametrize(
    "query",
    [
        "WITH gone AS (DELETE FROM orders RETURNING *) SELECT * FROM gone",
        "SELECT * INTO copy FROM orders",
        "SELECT * FROM orders FOR UPDATE",
        "COPY orders TO STDOUT",
    ],
)
def test_ways_to_write_in_postgresql(tmp_path: Path, query: str) -> None:
    """The query is read in the words of its engine, before any connection is made."""
    (tmp_path / "orders.sql").write_text(query, encoding="utf-8")
    configured = settings(tmp_path, url="postgresql://host/db", query="orders.sql")
    with pytest.raises(SourceError, match="not a SELECT that only reads"):
        read(configured, NEEDED)


def test_query_that_is_absent(tmp_path: Path) -> None:
    """The file with the query is named."""
    write_table(tmp_path / "orders.db", [ORDER])
    with pytest.raises(SourceError, match=r"orders\.sql: cannot be read"):
        read(through(tmp_path, PLAIN, query="orders.sql"), NEEDED)


def test_a_function_that_would_write_is_stopped_by_the_engine(tmp_path: Path) -> None:
    """The connection itself is read only: nothing depends on the reading of the query alone."""

    def add_function(connection: Any, _: object) -> None:
        def sweep() -> None:
            connection.execute(f"DELETE FROM {TABLE}")

        connection.create_function("sweep", 0, sweep)

    event.listen(Engine, "connect", add_function)
    try:
        with pytest.raises(SourceError, match="user-defined function raised"):
            asked(tmp_path, f"SELECT * FROM {TABLE} WHERE sweep() IS NULL", GENERIC)
    finally:
        event.remove(Engine, "connect", add_function)
    assert asked(tmp_path, f"SELECT * FROM {TABLE}", GENERIC).table.num_rows == 2


def test_another_query_is_another_scope(tmp_path: Path) -> None:
    """Lines that a new WHERE leaves out are not missing: the two reads cannot be compared."""
    every = asked(tmp_path, f"SELECT * FROM {TABLE}").scope
    assert asked(tmp_path, f"SELECT * FROM {TABLE}").scope == every
    assert asked(tmp_path, f"SELECT * FROM {TABLE} WHERE NUMBER = 'N1'").scope != every


def test_numbers_keep_all_their_digits(tmp_path: Path) -> None:
    """No engine is asked to write a number as text: some round it."""
    write_table(tmp_path / "orders.db", [("N1", "A", "PCE", 1, None, 3, "")])
    with closing(sqlite3.connect(tmp_path / "orders.db")) as connection, connection:
        connection.execute(f"ALTER TABLE {TABLE} ADD PRICE REAL")
        connection.execute(f"UPDATE {TABLE} SET PRICE = 1234567.891")
    rows = read(through(tmp_path, GENERIC, table=TABLE), [*NEEDED, "PRICE"])
    assert rows.table["PRICE"].to_pylist() == ["1234567.891"]
    assert rows.table["M"].to_pylist() == [""]
