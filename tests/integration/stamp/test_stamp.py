"""record_uuid and row_hash beside the rows of the source table, on every engine."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg
import pytest
import sqlalchemy as sa
from sqlalchemy import Engine, event

from customer_orders import mapping, source
from customer_orders.changes import Columns, detect
from customer_orders.config import Settings
from customer_orders.databases import database_url
from customer_orders.demo import sample, tables
from customer_orders.errors import ConfigError, SourceError
from customer_orders.ledger import knowledge
from customer_orders.stamp import Stamped, engines, stamp

URL = "STAMP_TESTS_URL"
NAMES = ("AAG ORDER NUMBER", "CUSTOMER STYLE", "PO NUMBER", "PLANNED DELIVERY METHOD")
COUNT = 120


class Orders:
    """The sample's table in a database of its own."""

    def __init__(self, folder: Path, name: str = tables.TABLE) -> None:
        self.folder, self.name = folder, name
        self.url = database_url(os.environ[URL])
        self.fill()

    def fill(self, *more: sample.Row) -> None:
        with tables.database(self.url) as connection:
            table = tables.orders_table(self.name)
            tables.replace(connection, table, [*sample.rows(COUNT), *more])

    def settings(self, **asked: Any) -> Settings:
        return Settings.model_validate(
            {
                "source": {"url": f"env/{URL}", "table": self.name, **asked},
                "board": [{"id": "9000000001", "name": "Customer Master Schedule"}],
                "customers": sample.CUSTOMERS,
                "folder": self.folder,
            }
        )

    def stamp(self, *, dry_run: bool = False, **asked: Any) -> Stamped:
        return stamp(self.settings(**asked), None, dry_run=dry_run)

    def run(self, *statements: str) -> None:
        with tables.database(self.url) as connection:
            cursor = connection.connection.cursor()  # to which a per cent in a name is no mark
            for statement in statements:
                cursor.execute(statement.replace("ORDERS", f'"{self.name}"'))

    def cells(self, *names: str) -> Counter[tuple[Any, ...]]:
        """How often these cells stand in a row."""
        orders = sa.table(self.name, *map(sa.column, names))
        with tables.database(self.url) as connection:
            return Counter(tuple(row) for row in connection.execute(sa.select(orders)))

    def columns(self) -> list[str]:
        with tables.database(self.url) as connection:
            everything = sa.select(sa.text("*")).select_from(sa.table(self.name))
            return list(connection.execute(everything.limit(0)).keys())

    def expected(self, **asked: Any) -> Counter[tuple[Any, ...]]:
        """The same by a read and a detection as a run makes them."""
        settings = self.settings(**asked)
        rows = source.read(settings, mapping.needed_columns(settings))
        hashed = mapping.hashed_columns(settings)
        columns = Columns.of(settings.source, hashed, rows.sizes, rekey=False)
        changes = detect(rows.table, knowledge.KNOWN.empty_table(), columns, "")
        names = zip(*(rows.table[name].to_pylist() for name in NAMES), strict=True)
        lines = dict(enumerate(names, start=1))
        return Counter(
            (*lines[row["row"]], row["record_uuid"], row["row_hash"])
            for row in changes.identities().to_pylist()
        )


@pytest.fixture
def orders(empty_database: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Orders:
    """The sample on each engine in turn."""
    monkeypatch.setenv(URL, empty_database)
    return Orders(tmp_path)


def as_read(found: Counter[tuple[Any, ...]]) -> Counter[tuple[Any, ...]]:
    """Rows with marks, a blank cell as the empty text."""
    return Counter(
        {
            tuple("" if cell is None else cell for cell in row): n
            for row, n in found.items()
            if row[-1]
        }
    )


def test_columns_are_added_and_filled(orders: Orders) -> None:
    """A table without them gets both, an index, and what detection says of every line."""
    orders.run("ALTER TABLE ORDERS DROP COLUMN record_uuid")
    done = orders.stamp()
    assert (done.rows, done.differing, done.dropped, done.held) == (COUNT, COUNT - 1, 1, ())
    assert orders.columns()[-2:] == ["record_uuid", "row_hash"]
    assert as_read(orders.cells(*NAMES, "record_uuid", "row_hash")) == orders.expected()
    blank = [row for row in orders.cells("record_uuid", "row_hash") if row == (None, None)]
    assert len(blank) == 1
    with tables.database(orders.url) as connection:
        indexes = sa.inspect(connection).get_indexes(orders.name)
    assert [index["column_names"] for index in indexes] == [["record_uuid"]]


def test_a_record_uuid_of_somebody_else_is_left_alone(orders: Orders) -> None:
    """Ours goes to line_uuid."""
    before = orders.cells(*NAMES, "record_uuid")
    done = orders.stamp()
    assert done.told(done=True)[0].startswith("the source has line_uuid, row_hash; line_uuid and")
    assert orders.cells(*NAMES, "record_uuid") == before
    assert as_read(orders.cells(*NAMES, "line_uuid", "row_hash")) == orders.expected()


@pytest.mark.parametrize("theirs", [False, True])
def test_a_second_time_changes_nothing(orders: Orders, theirs: bool) -> None:
    """Nothing is sent that writes, and nothing is left to say."""
    if not theirs:
        orders.run("ALTER TABLE ORDERS DROP COLUMN record_uuid")
    orders.stamp()
    before = orders.columns()
    with written() as statements:
        again = orders.stamp()
    assert (again.statements, again.differing, statements) == ([], 0, [])
    assert orders.columns() == before


def test_a_new_row_is_filled_in_later(orders: Orders) -> None:
    """Only what differs is written: one row more, one that changed, one that went blank."""
    orders.stamp()
    number = '"AAG ORDER NUMBER"'
    orders.run(
        "INSERT INTO ORDERS (\"AAG ORDER NUMBER\", \"PO NUMBER\") VALUES ('GRE-99999', '1')",
        f"UPDATE ORDERS SET \"FREIGHT\" = 'TBC' WHERE {number} = 'GRE-04261'",
        f"UPDATE ORDERS SET line_uuid = NULL, row_hash = NULL WHERE {number} = 'GRE-04262'",
    )
    done = orders.stamp()
    assert (done.rows, done.differing) == (COUNT + 1, 3)
    assert as_read(orders.cells(*NAMES, "line_uuid", "row_hash")) == orders.expected()


def test_rows_that_cannot_be_told_stay_blank(orders: Orders) -> None:
    """A line without its number gets neither, and a finding that is printed and counted."""
    orders.fill({"PO NUMBER": "4755", "TOTAL QTY": 5})
    done = orders.stamp()
    assert [held.finding.rule for held in done.held] == ["unidentified"]
    told = "\n".join(done.told(done=True))
    assert "1 rows stay without, as their line cannot be told" in told
    assert (
        f"row {COUNT + 1}, (no order number): the line cannot be told: its first key cell is blank"
        in told
    )
    assert orders.cells("line_uuid", "row_hash")[(None, None)] == 2


def test_only_the_scope_is_filled(orders: Orders) -> None:
    """What a run does not read keeps its blanks."""
    scope = {"scope": [("PO NUMBER", "=", "4755")]}
    done = orders.stamp(**scope)
    assert (done.rows, done.differing) == (69, 69)
    assert as_read(orders.cells(*NAMES, "line_uuid", "row_hash")) == orders.expected(**scope)


def test_dry_run_writes_nothing(orders: Orders) -> None:
    """It shows the statements in order, which are those that are sent then."""
    before = orders.columns()
    with written() as statements:
        planned = orders.stamp(dry_run=True)
    assert statements == []
    assert orders.columns() == before
    assert planned.told(done=False)[0].endswith(f"{COUNT - 1} of {COUNT} rows would be written")
    with written() as statements:
        done = orders.stamp()
    assert done.statements == planned.statements
    assert [s for s in statements if not s.startswith("COPY")] == [
        s for s in planned.statements if not s.startswith(("SET", "LOCK"))
    ]


def test_tables_may_be_called_anything(orders: Orders) -> None:
    """Quoted by the dialect, an awkward name is a name."""
    odd = Orders(orders.folder, "it's [odd] 50% :x")
    assert odd.stamp().differing == COUNT - 1
    assert odd.stamp().statements == []
    assert orders.stamp().differing == COUNT - 1


@pytest.mark.parametrize("uuid", ["record_uuid", "none", "blank"])
def test_columns_of_somebody_else_are_not_written(orders: Orders, uuid: str) -> None:
    """row_hash is another program's: its values stay, and the error says what to do."""
    orders.run(
        "ALTER TABLE ORDERS ADD row_hash varchar(64)", "UPDATE ORDERS SET row_hash = 'theirs'"
    )
    if uuid == "none":
        orders.run("ALTER TABLE ORDERS DROP COLUMN record_uuid")
    if uuid == "blank":
        orders.run("UPDATE ORDERS SET record_uuid = NULL")
    before = orders.cells(*NAMES, "row_hash")
    with pytest.raises(SourceError, match="are somebody else's") as error:
        orders.stamp()
    assert "rename row_hash" in error.value.hint
    assert orders.cells(*NAMES, "row_hash") == before


def test_an_index_of_an_older_table(orders: Orders) -> None:
    """A load that keeps the old table under another name keeps its index: ours gets another."""
    orders.stamp()
    orders.run("ALTER TABLE ORDERS RENAME TO kept")
    orders.fill()
    assert orders.stamp().differing == COUNT - 1


def test_nothing_is_half_done(orders: Orders) -> None:
    """An error in the middle takes back what was added before it."""
    before = orders.columns()

    def break_off(_: Any, __: Any, statement: str, *rest: Any) -> None:
        if statement.startswith("UPDATE"):
            raise sa.exc.OperationalError(statement, None, RuntimeError("the power went"))

    event.listen(Engine, "before_cursor_execute", break_off)
    try:
        with pytest.raises(SourceError, match="could not be changed: the power went"):
            orders.stamp()
    finally:
        event.remove(Engine, "before_cursor_execute", break_off)
    assert orders.columns() == before


@pytest.mark.parametrize("asked", [{"file": "orders.csv"}, {"query": "orders.sql"}])
def test_only_tables_take_columns(tmp_path: Path, asked: dict[str, str]) -> None:
    """A file or a query has no table of its own."""
    given = asked if "file" in asked else {"url": "sqlite:///orders.db", **asked}
    settings = Settings.model_validate(
        {
            "source": given,
            "board": [{"id": "1", "name": "B"}],
            "customers": sample.CUSTOMERS,
            "folder": tmp_path,
        }
    )
    with pytest.raises(ConfigError, match="not to a file or a query"):
        stamp(settings, None)


@pytest.mark.parametrize("engine", ["postgresql"])
def test_another_user_may_write(orders: Orders, monkeypatch: pytest.MonkeyPatch) -> None:
    """The URL for reading may lack the right; deploy_url has it. The scope of reads stays one."""
    orders.run(
        "DROP ROLE IF EXISTS reader",
        "CREATE ROLE reader LOGIN PASSWORD 'reader'",
        "GRANT SELECT ON ORDERS TO reader",
    )
    monkeypatch.setenv("OWNER_URL", os.environ[URL])
    reader = sa.make_url(os.environ[URL]).set(username="reader", password="reader")
    monkeypatch.setenv(URL, reader.render_as_string(hide_password=False))
    with pytest.raises(SourceError, match=r"must be owner of table|permission denied") as error:
        orders.stamp()
    assert "lacks a right" in error.value.hint
    assert orders.stamp(deploy_url="env/OWNER_URL").differing == COUNT - 1
    scopes = [
        source.read(orders.settings(**asked), ["PO NUMBER"]).scope
        for asked in ({}, {"deploy_url": "env/OWNER_URL"})
    ]
    assert scopes[0] == scopes[1]
    orders.run("REVOKE ALL ON ORDERS FROM reader", "DROP ROLE reader")


@pytest.mark.parametrize("engine", ["postgresql"])
def test_hashes_do_not_depend_on_the_time_zone(
    orders: Orders, monkeypatch: pytest.MonkeyPatch
) -> None:
    """They are a run's, wherever either is at work."""
    orders.run(
        'ALTER TABLE ORDERS DROP COLUMN "NOTES"',
        "ALTER TABLE ORDERS ADD \"NOTES\" timestamptz DEFAULT '2025-01-02 03:04:05+00'",
    )
    expected = orders.expected()
    monkeypatch.setenv("PGTZ", "Asia/Kolkata")
    orders.stamp()
    assert as_read(orders.cells(*NAMES, "line_uuid", "row_hash")) == expected


@pytest.mark.parametrize("engine", ["postgresql"])
def test_nobody_writes_meanwhile(orders: Orders) -> None:
    """From before the rows are read, who would write waits, and here gives up at once."""
    refused: list[str] = []

    def write(_: Any, __: Any, statement: str, *rest: Any) -> None:
        if not statement.startswith("SELECT") or "AAG ORDER NUMBER" not in statement:
            return  # not the read of the rows
        with psycopg.connect(os.environ[URL]) as other:
            other.execute("SET LOCAL lock_timeout = '50ms'")
            try:
                other.execute(f'UPDATE "{orders.name}" SET "NOTES" = \'late\'')
            except psycopg.errors.LockNotAvailable:
                refused.append(statement)

    event.listen(Engine, "before_cursor_execute", write)
    try:
        assert orders.stamp().differing == COUNT - 1
    finally:
        event.remove(Engine, "before_cursor_execute", write)
    assert len(refused) == 1
    assert orders.cells("NOTES")[("late",)] == 0
    assert as_read(orders.cells(*NAMES, "line_uuid", "row_hash")) == orders.expected()


@pytest.mark.parametrize("engine", ["postgresql"])
def test_a_table_that_somebody_holds(orders: Orders, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever writes at the time is waited for, but not for ever."""
    monkeypatch.setattr(engines, "PATIENCE", 1)
    before = orders.columns()
    with psycopg.connect(os.environ[URL]) as other:
        other.execute(f'UPDATE "{orders.name}" SET "NOTES" = \'theirs\'')
        with pytest.raises(SourceError, match="lock timeout"):
            orders.stamp()
    assert orders.columns() == before


LOCKING = "ADD customer_orders_row"


@contextmanager
def changed_before(words: str, *statements: str) -> Iterator[None]:
    """Somebody writes to the table at the last moment before a statement with these words."""

    def change(_: Any, cursor: Any, statement: str, *rest: Any) -> None:
        if words in statement:
            for other in statements:
                cursor.connection.execute(other)

    event.listen(Engine, "before_cursor_execute", change)
    try:
        yield
    finally:
        event.remove(Engine, "before_cursor_execute", change)


@pytest.mark.parametrize("engine", ["sqlite"])
def test_rows_are_read_under_the_lock(orders: Orders, monkeypatch: pytest.MonkeyPatch) -> None:
    """On SQL Server a change of the table locks it. SQLite stands for it, with its own places."""
    monkeypatch.setattr(engines, "LOCKED_BY_CHANGE", ("sqlite",))
    before = orders.columns()
    number = "WHERE \"AAG ORDER NUMBER\" = 'GRE-04261'"
    late = f'UPDATE "{orders.name}" SET "NOTES" = \'late\' {number}'
    with changed_before(LOCKING, late):
        assert orders.stamp().differing == COUNT - 1
    assert orders.cells("NOTES")[("late",)] == 1
    assert as_read(orders.cells(*NAMES, "line_uuid", "row_hash")) == orders.expected()
    assert orders.columns() == [*before, "line_uuid", "row_hash"]


@pytest.mark.parametrize("engine", ["sqlite"])
def test_rows_that_are_as_they_should_be_by_then(
    orders: Orders, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing is left to write under the lock: that is no error."""
    monkeypatch.setattr(engines, "LOCKED_BY_CHANGE", ("sqlite",))
    orders.stamp()
    orders.run("CREATE TABLE kept AS SELECT rowid AS id, line_uuid, row_hash FROM ORDERS")
    orders.run("UPDATE ORDERS SET line_uuid = NULL, row_hash = NULL")
    late = (
        f'UPDATE "{orders.name}" SET (line_uuid, row_hash) = '
        f'(SELECT line_uuid, row_hash FROM kept WHERE id = "{orders.name}".rowid)'
    )
    with changed_before(LOCKING, late):
        assert orders.stamp().differing == 0
    assert as_read(orders.cells(*NAMES, "line_uuid", "row_hash")) == orders.expected()


@pytest.mark.parametrize("engine", ["sqlite"])
def test_a_number_that_two_rows_have(orders: Orders, monkeypatch: pytest.MonkeyPatch) -> None:
    """An IDENTITY need not be unique: nothing is written."""
    orders.run("ALTER TABLE ORDERS ADD id BIGINT", "UPDATE ORDERS SET id = rowid")
    orders.run("UPDATE ORDERS SET id = 7 WHERE id = 8")
    monkeypatch.setattr(engines, "LOCKED_BY_CHANGE", ("sqlite",))
    monkeypatch.setattr(engines, "place_of", lambda *_: "id")
    before = orders.columns()
    with pytest.raises(SourceError, match=r'the column "id" of .* has a number twice'):
        orders.stamp()
    assert orders.columns() == before


PARTS = {
    "partitions": (
        "ALTER TABLE ORDERS RENAME TO plain",
        'CREATE TABLE ORDERS (LIKE plain) PARTITION BY LIST ("PO NUMBER")',
        "CREATE TABLE one PARTITION OF ORDERS FOR VALUES IN ('4755')",
        "CREATE TABLE others PARTITION OF ORDERS DEFAULT",
        "INSERT INTO ORDERS SELECT * FROM plain",
    ),
    "inherited": (
        "CREATE TABLE more () INHERITS (ORDERS)",
        "INSERT INTO more SELECT * FROM ONLY ORDERS",
    ),
    "view": (
        "ALTER TABLE ORDERS RENAME TO plain",
        "CREATE VIEW ORDERS AS SELECT * FROM plain",
    ),
}


@pytest.mark.parametrize("engine", ["postgresql"])
@pytest.mark.parametrize("dry_run", [False, True])
@pytest.mark.parametrize("parts", PARTS)
def test_a_table_in_parts_is_refused(orders: Orders, parts: str, dry_run: bool) -> None:
    """Two rows of two parts can have one ctid: each would get the other's identity."""
    odd = Orders(orders.folder, "it's in parts, 50% :x")
    odd.run(*PARTS[parts])
    before = odd.columns()
    with written() as statements, pytest.raises(SourceError, match="in other tables") as error:
        odd.stamp(dry_run=dry_run)
    assert f"the table {odd.name} keeps" in error.value.message
    assert (odd.columns(), statements) == (before, [])
    assert "nothing was changed" in error.value.hint


@pytest.mark.parametrize("engine", ["postgresql"])
def test_one_part_of_a_table_is_a_table(orders: Orders) -> None:
    """A table that inherits has its rows to itself."""
    orders.run(
        "CREATE TABLE plain (LIKE ORDERS)",
        "INSERT INTO plain SELECT * FROM ORDERS",
        "DROP TABLE ORDERS",
        "CREATE TABLE ORDERS () INHERITS (plain)",
        "INSERT INTO ORDERS SELECT * FROM plain",
    )
    assert orders.stamp().differing == COUNT - 1


@contextmanager
def written() -> Iterator[list[str]]:
    """Statements that SQLAlchemy sends and that may write."""
    seen: list[str] = []

    def look(_: Any, __: Any, statement: str, *rest: Any) -> None:
        if not statement.lstrip().startswith(("SELECT", "PRAGMA", "BEGIN", "SET", "LOCK")):
            seen.append(" ".join(statement.split()))

    event.listen(Engine, "before_cursor_execute", look)
    try:
        yield seen
    finally:
        event.remove(Engine, "before_cursor_execute", look)
