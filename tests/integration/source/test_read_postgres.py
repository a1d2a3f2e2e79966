"""What is particular about PostgreSQL: types, names, encodings, rights, and loads at work."""

from __future__ import annotations

import os
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg
import pytest
from psycopg import sql
from reading import (
    NEEDED,
    POSTGRES,
    TABLE,
    everything,
    of_postgres,
    of_table,
    read_beside,
    settings,
    write_postgres,
)
from sqlalchemy import make_url

from customer_orders.config import Settings
from customer_orders.demo import sample, tables
from customer_orders.errors import SourceError
from customer_orders.source import postgresql, read
from customer_orders.source.read import _origin
from postgres import PASSWORD, Postgres

ORDER = ("N1", "A", "PCE", 1, 2, 3, "x")


def execute(*statements: Any, url: str | None = None) -> None:
    """Run statements in one transaction of another connection."""
    with psycopg.connect(url or os.environ[POSTGRES]) as connection:
        for statement in statements:
            connection.execute(statement)


def generic(folder: Path, monkeypatch: pytest.MonkeyPatch, **source: Any) -> Settings:
    """The same database through SQLAlchemy, by the name of its driver."""
    url = os.environ[POSTGRES].replace("postgresql:", "postgresql+psycopg:")
    monkeypatch.setenv("ORDERS_DB_URL", url)
    return settings(folder, url="env/ORDERS_DB_URL", **source)


def write_sample(count: int) -> None:
    with tables.database(make_url(os.environ[POSTGRES]).set(drivername="postgresql+psycopg")) as c:
        tables.replace(c, tables.orders_table(TABLE), sample.rows(count))


@pytest.mark.parametrize(
    "scope", [(), (("PO NUMBER", "=", "4755"), ("AAG ORDER NUMBER", "!=", "GRE-04260"))]
)
def test_the_sample_is_read_alike(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, scope: tuple[Any, ...]
) -> None:
    """SQLite, PostgreSQL through ADBC and through its driver give the same cells and sizes."""
    sample.write_sqlite(tmp_path / "orders.db", sample.rows(2_000))
    write_sample(2_000)
    plain = everything(of_table(tmp_path, scope=scope))
    for configured in (
        of_postgres(tmp_path, scope=scope),
        generic(tmp_path, monkeypatch, table=TABLE, scope=scope),
    ):
        found = everything(configured)
        # A table without an order of its own comes back in no order that anybody promised.
        assert found.table.equals(plain.table)
        assert found.sizes == plain.sizes
        assert found.table.num_rows == (68 if scope else 2_000)


def test_every_column_can_be_read(tmp_path: Path) -> None:
    """All 268 names survive, apostrophes, brackets, per cents and DROP among them."""
    values = {
        "INT": 7,
        "DATE": "2025-01-02",
        "UNIQUEIDENTIFIER": "7A" * 4 + "-7a7a" * 3 + "-7a" * 6,
    }
    values["UNIQUEIDENTIFIER"] = "7a7a7a7a-7a7a-7a7a-7a7a-7a7a7a7a7a7a"
    line = {name: values.get(kind, f"of {name}") for name, kind in sample.columns()}
    with tables.database(make_url(os.environ[POSTGRES]).set(drivername="postgresql+psycopg")) as c:
        tables.replace(c, tables.orders_table(TABLE), [line])
    rows = read(of_postgres(tmp_path), list(line))
    assert rows.table.column_names == list(line)
    assert rows.table.to_pylist() == [{name: str(cell) for name, cell in line.items()}]
    assert len(rows.sizes) == 161


CELLS = {
    "text": [" a ", "50% :x", "", "MOOSGRÜN\u00a0", None],
    "varchar(9)": ["b\tc"],
    "int": [-5],
    "smallint": [7],
    "bigint": [9_007_199_254_740_993],
    "numeric": ["1.50", "0.000001", "12345678901234567890.5", "NaN"],
    "numeric(10,2)": ["2.5"],
    "real": ["1.1", "3"],
    "double precision": ["1234567.891", "5", "1e20", "1e-7", "NaN", "0.1"],
    "date": ["2025-01-02"],
    "timestamp": ["2025-01-02", "2025-01-02 03:04:05.678", "2025-01-02 00:00:00.5"],
    "timestamptz": ["2025-01-02 12:00:00+00", "2025-06-01 10:30:00.25+02"],
    "boolean": [True, False, None],
    "uuid": ["7A7A7A7A-7a7a-7a7a-7a7a-7a7a7a7a7a7a"],
    "bytea": [b"as text"],
    "mood": ["good"],
    "pieces": [3],
}


@pytest.mark.parametrize("zone", ["UTC", "Europe/Berlin", "Asia/Kolkata"])
def test_values_are_the_text_that_a_person_would_type(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, zone: str
) -> None:
    """Cells of every usual type are the text that the driver of Python gives as well."""
    listed = ", ".join(f'"{kind}" {kind}' for kind in CELLS)
    execute(
        f'DROP TABLE IF EXISTS "{TABLE}"',
        "DROP TYPE IF EXISTS mood",
        "DROP DOMAIN IF EXISTS pieces",
        "CREATE TYPE mood AS ENUM ('good', 'bad')",
        "CREATE DOMAIN pieces AS int CHECK (value > 0)",
        f'CREATE TABLE "{TABLE}" (n int, {listed})',
    )
    depth = max(len(cells) for cells in CELLS.values())
    with psycopg.connect(os.environ[POSTGRES]) as connection:
        for n in range(depth):
            marks = ", ".join(["%s"] * (1 + len(CELLS)))
            row = [n, *(cells[n] if n < len(cells) else None for cells in CELLS.values())]
            connection.execute(f'INSERT INTO "{TABLE}" VALUES ({marks})', row)
    monkeypatch.setenv("PGTZ", zone)
    given = {"sizes": {"after": "n", "before": "n2"}}
    execute(f'ALTER TABLE "{TABLE}" ADD n2 int')
    names = ["n", *CELLS]
    found = read(of_postgres(tmp_path, **given), names)
    other = read(generic(tmp_path, monkeypatch, table=TABLE, **given), names)
    for name in names:
        assert found.table[name].to_pylist() == other.table[name].to_pylist(), name
    # A domain over integers is a size like the integers themselves.
    assert list(found.sizes) == ["int", "smallint", "bigint", "pieces"]


def test_what_is_written_does_not_depend_on_the_server(tmp_path: Path) -> None:
    """A server that writes dates and fractions in its own way is asked for ours."""
    execute(
        f'DROP TABLE IF EXISTS "{TABLE}"',
        f'CREATE TABLE "{TABLE}" (n date, t timestamp, f float8, "UNIT OF MEASURE" text, S int, '
        '"TOTAL QTY" int)',
        f"INSERT INTO \"{TABLE}\" VALUES ('2025-03-04', '2025-03-04 05:06:07', 0.1, '', 1, 1)",
    )
    url = os.environ[POSTGRES] + "?options=-c%20DateStyle%3DGerman%20-c%20extra_float_digits%3D-5"
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(POSTGRES, url)
        (row,) = read(of_postgres(tmp_path), ["n", "t", "f"]).table.to_pylist()
    assert (row["n"], row["t"], row["f"]) == ("2025-03-04", "2025-03-04 05:06:07", "0.1")


@pytest.fixture
def elsewhere(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[str], None]]:
    """Puts the client or the database into another part of the world; back at the end."""
    name = sql.Identifier(os.environ[POSTGRES].rpartition("/")[2])

    def go(where: str) -> None:
        if where == "client":
            monkeypatch.setenv("PGTZ", "Asia/Kolkata")
            monkeypatch.setenv("PGDATESTYLE", "German")
        for setting in ("timezone TO 'America/New_York'", "intervalstyle TO 'iso_8601'"):
            if where == "database":
                execute(sql.SQL("ALTER DATABASE {} SET " + setting).format(name))

    yield go
    execute(sql.SQL("ALTER DATABASE {} RESET ALL").format(name))


@pytest.mark.parametrize("where", ["client", "database"])
@pytest.mark.parametrize("through", ["adbc", "psycopg"])
def test_times_do_not_depend_on_where_they_are_read(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    elsewhere: Callable[[str], None],
    where: str,
    through: str,
) -> None:
    """Another text would be another hash of every line."""
    execute(
        f'DROP TABLE IF EXISTS "{TABLE}"',
        f'CREATE TABLE "{TABLE}" (z timestamptz, i interval, "UNIT OF MEASURE" text, S int, '
        '"TOTAL QTY" int)',
        f"INSERT INTO \"{TABLE}\" VALUES ('2025-01-02 00:00:00+00', '01:02:03', '', 1, 1), "
        "('2025-07-02 23:30:00-02', '01:02:03', '', 1, 1)",
    )
    elsewhere(where)
    adbc = of_postgres(tmp_path)
    configured = adbc if through == "adbc" else generic(tmp_path, monkeypatch, table=TABLE)
    rows = read(configured, ["z", "i"]).table
    assert rows["z"].to_pylist() == ["2025-01-02", "2025-07-03 01:30:00+00:00"]
    assert {text.zfill(8) for text in rows["i"].to_pylist()} == {"01:02:03"}


@pytest.mark.parametrize(
    ("encoding", "message"), [("LATIN1", ""), ("SQL_ASCII", "invalid byte sequence")]
)
def test_databases_in_other_encodings(
    tmp_path: Path,
    postgres_server: Postgres,
    monkeypatch: pytest.MonkeyPatch,
    encoding: str,
    message: str,
) -> None:
    """The server recodes what it knows; bytes that nobody knows stop the read."""
    name = f"orders_{encoding.lower()}"
    postgres_server.execute(
        sql.SQL(
            "create database {} encoding {} lc_collate 'C' lc_ctype 'C' template template0"
        ).format(sql.Identifier(name), sql.Literal(encoding))
    )
    monkeypatch.setenv(POSTGRES, postgres_server.url(name))
    write_postgres(tmp_path, [ORDER])
    execute("SET client_encoding = 'LATIN1'", f'UPDATE "{TABLE}" SET "STYLE" = \'GR\u00dcN\'')
    if message:
        with pytest.raises(SourceError, match=message):
            read(of_postgres(tmp_path), NEEDED)
    else:
        assert read(of_postgres(tmp_path), NEEDED).table["STYLE"].to_pylist() == ["GRÜN"]
    postgres_server.drop(postgres_server.url(name))


@pytest.mark.parametrize(
    ("table", "nearest"),
    [
        ("ORDERS_UNIFED", f' (nearest: "{TABLE}")'),
        ("orders_unified", f' (nearest: "{TABLE}")'),
        ("public.ORDERS_UNIFED", f' (nearest: "{TABLE}")'),
        (f"nowhere.{TABLE}", ""),
        ("pg_clas", ""),
    ],
)
def test_table_is_absent(tmp_path: Path, table: str, nearest: str) -> None:
    """A table that is not there is an error with the nearest name, where there is one."""
    write_postgres(tmp_path, [ORDER])
    with pytest.raises(SourceError) as error:
        read(of_postgres(tmp_path, table=table), NEEDED)
    shown = os.environ[POSTGRES].replace(PASSWORD, "***")
    assert error.value.message == f'the table "{table}" is not in {shown}{nearest}'


@pytest.mark.parametrize("table", [f"public.{TABLE}", "it's [odd] 50% :x", 'a "b" c'])
def test_table_may_be_called_anything(tmp_path: Path, table: str) -> None:
    """A schema in front, quotes, brackets, colons and per cents are names like others."""
    write_postgres(tmp_path, [ORDER], table=table.removeprefix("public."))
    assert read(of_postgres(tmp_path, table=table), NEEDED).table.num_rows == 1


def test_views_and_queries(tmp_path: Path) -> None:
    """A view is read like a table; a query like a file without types; both only once unmoved."""
    write_postgres(tmp_path, [ORDER, ("N2", "50% :x", "PCE", 0, 2, 2, "")])
    execute(f'CREATE OR REPLACE VIEW current AS SELECT * FROM "{TABLE}" WHERE "S" > 0')
    rows = read(of_postgres(tmp_path, table="current"), NEEDED)
    assert (rows.table.num_rows, list(rows.sizes)) == (1, ["S", "M"])
    (tmp_path / "orders.sql").write_text(
        f'SELECT * FROM "{TABLE}" WHERE "STYLE" = \'50% :x\'; -- :all', encoding="utf-8"
    )
    asked = settings(tmp_path, url=f"env/{POSTGRES}", query="orders.sql")
    rows = read(asked, NEEDED)
    assert (rows.table["NUMBER"].to_pylist(), list(rows.sizes)) == (["N2"], ["S", "M"])
    execute("DROP VIEW current")


def test_a_query_that_fails(tmp_path: Path) -> None:
    """The words of the server are handed on."""
    (tmp_path / "orders.sql").write_text('SELECT * FROM "NOWHERE"', encoding="utf-8")
    with pytest.raises(SourceError, match='relation "NOWHERE" does not exist'):
        read(settings(tmp_path, url=f"env/{POSTGRES}", query="orders.sql"), NEEDED)


def test_a_function_that_would_write_is_stopped(tmp_path: Path) -> None:
    """The transaction may only read, whatever a query calls."""
    write_postgres(tmp_path, [ORDER])
    execute(
        f"CREATE OR REPLACE FUNCTION sweep() RETURNS int LANGUAGE sql AS "
        f"'DELETE FROM \"{TABLE}\"; SELECT 1'"
    )
    query = f'SELECT * FROM "{TABLE}" WHERE sweep() = 1'
    (tmp_path / "orders.sql").write_text(query, encoding="utf-8")
    with pytest.raises(SourceError, match="read-only transaction"):
        read(settings(tmp_path, url=f"env/{POSTGRES}", query="orders.sql"), NEEDED)
    assert read(of_postgres(tmp_path), NEEDED).table.num_rows == 1


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        (PASSWORD, "hunter2", "password authentication failed"),
        ("@127.0.0.1:", "@127.0.0.99:", "failed"),
        ("/db", "/none_db", "does not exist"),
    ],
)
def test_a_password_is_not_repeated(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, old: str, new: str, message: str
) -> None:
    """Whatever is wrong with a database, its password stays out of the message."""
    monkeypatch.setenv(POSTGRES, os.environ[POSTGRES].replace(old, new))
    with pytest.raises(SourceError, match=message) as error:
        read(of_postgres(tmp_path), NEEDED)
    chain = f"{error.value} {error.value.hint} {error.value.__cause__}"
    assert "hunter2" not in chain
    assert PASSWORD not in chain
    assert "user, password and TLS" in error.value.hint


def test_a_password_may_hold_anything(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Blanks, signs that mean something in a URL, and quotes are part of it."""
    password = "a b+c%d'e\\f@g/h?i"
    execute(
        "DROP ROLE IF EXISTS clerk",
        sql.SQL("CREATE ROLE clerk LOGIN PASSWORD {}").format(sql.Literal(password)),
    )
    write_postgres(tmp_path, [ORDER])
    execute(f'GRANT SELECT ON "{TABLE}" TO clerk')
    url = make_url(os.environ[POSTGRES]).set(username="clerk", password=password)
    monkeypatch.setenv(POSTGRES, url.render_as_string(hide_password=False))
    assert read(of_postgres(tmp_path), NEEDED).table.num_rows == 1
    monkeypatch.undo()


def test_a_right_that_is_missing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Reading the table needs the right to; the hint says so."""
    write_postgres(tmp_path, [ORDER])
    execute("DROP ROLE IF EXISTS guest", "CREATE ROLE guest LOGIN PASSWORD 'guest'")
    url = make_url(os.environ[POSTGRES]).set(username="guest", password="guest")
    monkeypatch.setenv(POSTGRES, url.render_as_string(hide_password=False))
    with pytest.raises(SourceError, match="permission denied") as error:
        read(of_postgres(tmp_path), NEEDED)
    assert "lacks a right" in error.value.hint


# ------------------------------------------------------------------- loads that are at work


def swap() -> None:
    """A load that builds the table beside, and swaps it by rename."""
    execute(
        f'CREATE TABLE fresh AS TABLE "{TABLE}"',
        f'DROP TABLE "{TABLE}"',
        f'ALTER TABLE fresh RENAME TO "{TABLE}"',
    )


def refill() -> None:
    """A load that empties the table and fills it again."""
    execute(
        f'CREATE TABLE kept AS TABLE "{TABLE}"',
        f'TRUNCATE "{TABLE}"',
        f'INSERT INTO "{TABLE}" SELECT * FROM kept',
        "DROP TABLE kept",
    )


@pytest.mark.parametrize("load", [swap, refill])
def test_a_load_between_columns_and_rows(tmp_path: Path, load: Callable[[], None]) -> None:
    """The table that is read must be the one that was asked for its columns."""
    write_postgres(tmp_path, [ORDER])
    origin = _origin(of_postgres(tmp_path), NEEDED)
    assert origin.rows(NEEDED).num_rows == 1
    load()
    with pytest.raises(SourceError, match="was replaced or emptied") as error:
        origin.rows(NEEDED)
    assert "run again" in error.value.hint


def test_a_table_that_vanishes(tmp_path: Path) -> None:
    """Between two steps of a load it is not there: an error, never no rows."""
    write_postgres(tmp_path, [ORDER])
    origin = _origin(of_postgres(tmp_path), NEEDED)
    execute(f'ALTER TABLE "{TABLE}" RENAME TO gone')
    with pytest.raises(SourceError, match="is not in"):
        origin.rows(NEEDED)
    execute("DROP TABLE gone")


@contextmanager
def loading(statements: list[str], started: threading.Event) -> Iterator[None]:
    """A load that holds the table until a reader waits for it."""

    def load() -> None:
        with psycopg.connect(os.environ[POSTGRES]) as connection:
            for statement in statements:
                connection.execute(statement)
            started.set()
            waiting = "SELECT count(*) FROM pg_locks WHERE NOT granted"
            with psycopg.connect(os.environ[POSTGRES], autocommit=True) as looking:
                until = time.monotonic() + 30
                while not looking.execute(waiting).fetchone()[0]:  # type: ignore[index]
                    assert time.monotonic() < until
                    time.sleep(0.01)

    thread = threading.Thread(target=load)
    thread.start()
    yield
    thread.join()


@pytest.mark.parametrize(
    "statements",
    [
        [f'TRUNCATE "{TABLE}"', f"INSERT INTO \"{TABLE}\" VALUES ('N1', 'A', 'PCE', 1, 2, 3, 'x')"],
        [
            f'LOCK TABLE "{TABLE}"',
            f'CREATE TABLE fresh AS TABLE "{TABLE}"',
            f'DROP TABLE "{TABLE}"',
            f'ALTER TABLE fresh RENAME TO "{TABLE}"',
        ],
    ],
)
@pytest.mark.parametrize("query", [False, True])
def test_a_load_that_ends_while_a_reader_waits(
    tmp_path: Path, statements: list[str], query: bool
) -> None:
    """The reader sees the moment before it waited; the table it gets then is empty to it."""
    write_postgres(tmp_path, [ORDER])
    configured = of_postgres(tmp_path)
    if query:
        (tmp_path / "orders.sql").write_text(f'SELECT * FROM "{TABLE}"', encoding="utf-8")
        configured = settings(tmp_path, url=f"env/{POSTGRES}", query="orders.sql")
    started = threading.Event()
    with loading(statements, started):
        started.wait()
        with pytest.raises(SourceError, match="was replaced or emptied"):
            read(configured, NEEDED)
    assert read(configured, NEEDED).table.num_rows == 1


def test_a_load_that_holds_the_table(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A read waits for it, but not for ever: a scheduler would start the next one beside it."""
    write_postgres(tmp_path, [ORDER])
    quick = [words.replace("60s", "100ms") for words in postgresql.BEGINNING]
    assert quick != list(postgresql.BEGINNING)
    monkeypatch.setattr(postgresql, "BEGINNING", quick)
    with psycopg.connect(os.environ[POSTGRES]) as loader:
        loader.execute(f'LOCK TABLE "{TABLE}" IN ACCESS EXCLUSIVE MODE')
        with pytest.raises(SourceError, match="lock timeout") as error:
            read(of_postgres(tmp_path), NEEDED)
    assert "run again" in error.value.hint


def test_reads_beside_a_busy_loader(tmp_path: Path) -> None:
    """Whatever a loader does at the time: all rows of one load, or an error."""
    write_postgres(tmp_path, [("N0", "0", "PCE", 1, 2, 3, "")] * 300)

    def load(generation: int) -> None:
        fill = (
            f"INSERT INTO {{}} SELECT 'N0', '{generation}', 'PCE', 1, 2, 3, '' "
            "FROM generate_series(1, 300)"
        )
        if generation % 2:
            execute(f'TRUNCATE "{TABLE}"', fill.format(f'"{TABLE}"'))
        else:
            execute(
                f'CREATE TABLE fresh (LIKE "{TABLE}")',
                fill.format("fresh"),
                f'DROP TABLE "{TABLE}"',
                f'ALTER TABLE fresh RENAME TO "{TABLE}"',
            )

    read_beside(load, of_postgres(tmp_path), rows=300)


def test_without_the_extra(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where ADBC is not installed, the message says what to install."""
    monkeypatch.setitem(sys.modules, "adbc_driver_postgresql", None)
    with pytest.raises(SourceError, match="the driver for postgresql is not installed") as caught:
        everything(of_postgres(tmp_path))
    assert "customer-orders[postgres]" in caught.value.hint
