"""What is particular about a SQLite table: where it is, what may go wrong, and read only."""

import sqlite3
import subprocess
import sys
from contextlib import closing
from hashlib import sha256
from pathlib import Path

import pytest
from reading import NEEDED, TABLE, of_table, write_table

from customer_orders.demo import sample
from customer_orders.errors import SourceError
from customer_orders.source import read, sqlite

ORDER = ("N1", "A", "PCE", 1, 2, 3, "x")


def test_database_is_absent(tmp_path: Path) -> None:
    """A database that is not there is an error that names it; none is made."""
    with pytest.raises(SourceError, match=r"orders\.db is not there"):
        read(of_table(tmp_path), NEEDED)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("table", "nearest"),
    [
        ("ORDERS_UNIFED", f' (nearest: "{TABLE}")'),
        ("orders_unified", f' (nearest: "{TABLE}")'),
        ("main.ORDERS_UNIFED", f' (nearest: "{TABLE}")'),
        ("xxx", ""),
    ],
)
def test_table_is_absent(tmp_path: Path, table: str, nearest: str) -> None:
    """A table that is not there is an error with the nearest name, where there is one."""
    write_table(tmp_path / "orders.db", [ORDER])
    with pytest.raises(SourceError) as error:
        read(of_table(tmp_path, table=table), NEEDED)
    path = tmp_path / "orders.db"
    assert error.value.message == f'the table "{table}" is not in {path}{nearest}'


def test_schema_is_absent(tmp_path: Path) -> None:
    """A schema that SQLite does not have is an error of the source."""
    write_table(tmp_path / "orders.db", [ORDER])
    with pytest.raises(SourceError, match="dbo"):
        read(of_table(tmp_path, table=f"dbo.{TABLE}"), NEEDED)


@pytest.mark.parametrize("table", [f"main.{TABLE}", "it's [odd] 50%"])
def test_table_may_be_called_anything(tmp_path: Path, table: str) -> None:
    """A schema in front, apostrophes, brackets and blanks are names like others."""
    write_table(tmp_path / "orders.db", [ORDER], table=table.removeprefix("main."))
    assert read(of_table(tmp_path, table=table), NEEDED).table.num_rows == 1


def test_path_may_hold_anything(tmp_path: Path) -> None:
    """Blanks, umlauts and signs that mean something in a URI are part of the path."""
    name = "größe 50% #1 & more.db"
    write_table(tmp_path / name, [ORDER])
    assert read(of_table(tmp_path, name), NEEDED).table.num_rows == 1


def test_view_is_read_like_a_table(tmp_path: Path) -> None:
    """A view over the table serves as well; its columns keep their types."""
    write_table(tmp_path / "orders.db", [ORDER])
    with closing(sqlite3.connect(tmp_path / "orders.db")) as connection, connection:
        connection.execute(f"CREATE VIEW current AS SELECT * FROM {TABLE} WHERE S > 0")
    rows = read(of_table(tmp_path, table="current"), NEEDED)
    assert (rows.table.num_rows, list(rows.sizes)) == (1, ["S", "M"])


def test_file_is_no_database(tmp_path: Path) -> None:
    """A file of another kind is an error of the source, with the driver's words."""
    (tmp_path / "orders.db").write_text("NUMBER,STYLE\n" * 200, encoding="utf-8")
    with pytest.raises(SourceError, match="not a database") as error:
        read(of_table(tmp_path), NEEDED)
    assert "SQLite" in error.value.hint


def test_text_that_is_not_utf_8(tmp_path: Path) -> None:
    """Bytes of another encoding in a text cell stop the read and name the column."""
    write_table(tmp_path / "orders.db", [ORDER])
    with closing(sqlite3.connect(tmp_path / "orders.db")) as connection, connection:
        connection.execute(f"UPDATE {TABLE} SET STYLE = CAST(x'4752dc4e' AS TEXT)")
    with pytest.raises(SourceError, match='column "STYLE" holds text that is not UTF-8'):
        read(of_table(tmp_path), NEEDED)


def test_reading_leaves_no_trace(tmp_path: Path) -> None:
    """No file is made beside the database, and not a byte of it changes."""
    path = tmp_path / "orders.db"
    sample.write_sqlite(path, sample.rows())
    before = sha256(path.read_bytes()).hexdigest(), path.stat().st_mtime_ns
    read(of_table(tmp_path, scope=[("PO NUMBER", "=", "4755")]), ["PO NUMBER"])
    assert (sha256(path.read_bytes()).hexdigest(), path.stat().st_mtime_ns) == before
    assert [file.name for file in tmp_path.iterdir()] == ["orders.db"]


def test_file_that_may_not_be_written_is_read(tmp_path: Path) -> None:
    """Reading needs no right to write, neither to the file nor to its folder."""
    write_table(tmp_path / "orders.db", [ORDER])
    (tmp_path / "orders.db").chmod(0o444)
    tmp_path.chmod(0o555)
    try:
        assert read(of_table(tmp_path), NEEDED).table.num_rows == 1
    finally:
        tmp_path.chmod(0o755)


@pytest.mark.parametrize(
    "condition", ["x'; DELETE FROM ORDERS_UNIFIED; --", "x') ; DROP TABLE ORDERS_UNIFIED; --"]
)
def test_condition_writes_nothing(tmp_path: Path, condition: str) -> None:
    """A value that looks like SQL is compared and nothing else."""
    write_table(tmp_path / "orders.db", [ORDER])
    assert read(of_table(tmp_path, scope=[("STYLE", "=", condition)]), NEEDED).table.num_rows == 0
    assert read(of_table(tmp_path), NEEDED).table.num_rows == 1


def test_a_read_leaves_the_locks_of_its_process_alone(tmp_path: Path) -> None:
    """The ledger may stand in the same file: what it commits after a read, others see."""
    file = tmp_path / "orders.db"
    write_table(file, [ORDER])
    count = "import sqlite3, sys; print(*sqlite3.connect(sys.argv[1]).execute(sys.argv[2]))"

    def seen_elsewhere() -> str:
        command = [sys.executable, "-c", count, str(file), "SELECT count(*) FROM delivered"]
        return subprocess.check_output(command, text=True).strip()

    with closing(sqlite3.connect(file, isolation_level=None)) as ledger:
        ledger.execute("PRAGMA journal_mode = wal")
        ledger.execute("CREATE TABLE delivered (line)")
        read(of_table(tmp_path), NEEDED)
        assert seen_elsewhere() == "(0,)"
        ledger.execute("INSERT INTO delivered VALUES ('N1')")
        assert seen_elsewhere() == "(1,)"


def test_locked_database_is_an_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A loader that keeps the exclusive lock stops the read with an error, not with no rows."""
    monkeypatch.setattr(sqlite, "PATIENCE", 0.1)
    write_table(tmp_path / "orders.db", [ORDER])
    with closing(sqlite3.connect(tmp_path / "orders.db", isolation_level=None)) as loader:
        loader.execute("BEGIN EXCLUSIVE")
        with pytest.raises(SourceError, match="locked"):
            read(of_table(tmp_path), NEEDED)


def test_floating_numbers_keep_their_text(tmp_path: Path) -> None:
    """SQLite may hold fractions in an integer column: they arrive as text, nothing is floored."""
    write_table(tmp_path / "orders.db", [("N1", "A", "PCE", 1.5, 100.0, "TBC", "x")])
    (row,) = read(of_table(tmp_path), NEEDED).table.to_pylist()
    assert (row["S"], row["M"], row["TOTAL QTY"]) == ("1.5", "100", "TBC")
