"""The sample as files: what is written is what was made, and what the demo changes in it."""

import csv
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

from customer_orders.demo import changes, sample
from customer_orders.demo.sample import Row
from place import change_sample

NAMES = [name for name, _ in sample.columns()]


def read(path: Path, table: str = sample.TABLE) -> list[Row]:
    """Every row of the table, whole."""
    with closing(sqlite3.connect(path)) as connection:
        connection.row_factory = sqlite3.Row
        return [dict(row) for row in connection.execute(f'SELECT * FROM "{table}"')]


def whole(lines: list[Row]) -> list[Row]:
    return [dict.fromkeys(NAMES) | line for line in lines]


@pytest.fixture
def source(tmp_path: Path) -> Path:
    path = tmp_path / "orders.db"
    sample.write_sqlite(path, sample.rows())
    return path


def test_sqlite_holds_all_columns_in_order(source: Path) -> None:
    """268 columns in table order, quantities as INTEGER and all else as TEXT."""
    with closing(sqlite3.connect(source)) as connection:
        found = connection.execute(f"PRAGMA table_info({sample.TABLE})").fetchall()
    assert len(found) == 268
    assert [(name, kind) for _, name, kind, *_ in found] == [
        (name, "INTEGER" if sql_type == "INT" else "TEXT") for name, sql_type in sample.columns()
    ]


def test_sqlite_holds_every_cell(source: Path) -> None:
    """What is read back equals what was made, blanks, quotes and umlauts included."""
    assert read(source) == whole(list(sample.rows()))


def test_sqlite_table_is_replaced(source: Path) -> None:
    """A second load leaves no row of the first; another table is left alone."""
    assert sample.write_sqlite(source, sample.rows(100)) == 100
    assert sample.write_sqlite(source, sample.rows(70), table="it's [another]") == 70
    assert len(read(source)) == 100
    assert len(read(source, "it's [another]")) == 70


def test_csv_holds_every_cell(tmp_path: Path) -> None:
    """The same 268 columns and 600 rows in UTF-8; NULL is an empty cell."""
    path = tmp_path / "orders.csv"
    assert sample.write_csv(path, sample.rows()) == 600
    with path.open(encoding="utf-8", newline="") as text:
        header, *found = csv.reader(text)
    assert header == NAMES
    assert found == [
        ["" if cell is None else str(cell) for cell in line.values()]
        for line in whole(list(sample.rows()))
    ]


def test_unknown_column_is_an_error(tmp_path: Path) -> None:
    """A misspelled column is not dropped in silence."""
    with pytest.raises(KeyError, match="TOTAL QUANTITY"):
        sample.write_csv(tmp_path / "orders.csv", [{"TOTAL QUANTITY": 1}])


def test_change_touches_only_what_it_says(source: Path) -> None:
    """Six lines differ afterwards, each in the cells of its change and nowhere else."""
    before = {(row["AAG ORDER NUMBER"], row["record_uuid"]): row for row in read(source)}
    assert change_sample(source) == changes.CHANGES
    after = {(row["AAG ORDER NUMBER"], row["record_uuid"]): row for row in read(source)}
    changed = {
        str(key[0]): {name for name in NAMES if before[key][name] != after[key][name]}
        for key in before
        if before[key] != after[key]
    }
    assert changed == {
        "GRE-04261": {"M", "TOTAL QTY"},
        "GRE-04264": {"2XL", "TOTAL QTY"},
        "GRE-04266": {"3XL", "TOTAL QTY"},
        "GRE-04272": {"ORDER TYPE"},
        "GRE-04279": {"EX FACTORY DATE"},
    }
    assert [key[0] for key in after.keys() - before.keys()] == ["GRE-04327"]


def test_change_does_what_it_says(source: Path) -> None:
    """Sizes and totals move together, so that each changed line still adds up."""
    before = {row["AAG ORDER NUMBER"]: row for row in read(source)}
    change_sample(source)
    after = {row["AAG ORDER NUMBER"]: row for row in read(source)}

    def grown(line: str, column: str) -> int:
        return int(after[line][column] or 0) - int(before[line][column] or 0)

    assert (grown("GRE-04261", "M"), grown("GRE-04261", "TOTAL QTY")) == (20, 20)
    assert after["GRE-04264"]["2XL"] == 0
    assert grown("GRE-04264", "TOTAL QTY") == grown("GRE-04264", "2XL") < 0
    assert before["GRE-04266"]["3XL"] is None
    assert (after["GRE-04266"]["3XL"], grown("GRE-04266", "TOTAL QTY")) == (25, 25)
    assert before["GRE-04272"]["ORDER TYPE"] == "ACTIVE"
    assert after["GRE-04272"]["ORDER TYPE"] == "CANCELLED"
    new = after["GRE-04327"]
    assert (new["PO NUMBER"], new["TOTAL QTY"], new["ORDER TYPE"]) == ("4755", 400, "ACTIVE")
    assert [new[size] for size in ("S", "M", "L", "XL", "2XL")] == [47, 94, 142, 117, None]


def test_change_is_made_once(source: Path) -> None:
    """A second time is refused, and nothing of it stays."""
    change_sample(source)
    once = read(source)
    with pytest.raises(ValueError, match=r"GRE-04327"):
        change_sample(source)
    assert read(source) == once


def test_change_needs_the_sample(tmp_path: Path) -> None:
    """A table without PO 4755 is refused."""
    path = tmp_path / "other.db"
    sample.write_sqlite(path, [{"AAG ORDER NUMBER": "GRE-00001"}])
    with pytest.raises(ValueError, match=r"GRE-04261"):
        change_sample(path)


@pytest.mark.parametrize("name", ["orders.db", "orders.csv"])
def test_command(tmp_path: Path, name: str) -> None:
    """The module writes a file of the size asked for."""
    command = (*(sys.executable, "-m", "customer_orders.demo.sample"), "--rows", "5000")
    done = subprocess.run(
        [*command, "--out", str(tmp_path / name)], capture_output=True, text=True, check=True
    )
    assert done.stdout == f"wrote 5000 rows to {tmp_path / name}\n"
    assert (tmp_path / name).stat().st_size > 1_000_000


def test_command_refuses_another_kind_of_file(tmp_path: Path) -> None:
    """The message says which endings it knows."""
    command = (sys.executable, "-m", "customer_orders.demo.sample", "--out", "orders.xlsx")
    done = subprocess.run(command, capture_output=True, text=True, cwd=tmp_path, check=False)
    assert done.returncode == 2
    assert "--out must end in .db or .csv: orders.xlsx" in done.stderr
