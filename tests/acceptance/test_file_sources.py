"""The sample gives one plan, whatever file or engine it is read from."""

from __future__ import annotations

import csv
import datetime
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet
import pytest
import xlsxwriter

from customer_orders.demo import sample
from place import Place

TABLE = 'url = "sqlite:///source.db"\ntable = "ORDERS_UNIFIED"'
NAMES = [name for name, _ in sample.columns()]
TYPES = {"INT": pa.int32(), "DATE": pa.date32()}


def _date(cell: Any) -> Any:
    """A date where the text is one: typed files hold dates as dates."""
    return datetime.date.fromisoformat(cell) if isinstance(cell, str) and cell else None


def write_csv(path: Path, delimiter: str, encoding: str) -> None:
    """As a spreadsheet saves it in other countries."""
    with path.open("w", encoding=encoding, newline="") as file:
        writer = csv.DictWriter(file, NAMES, delimiter=delimiter)
        writer.writeheader()
        writer.writerows(sample.rows())


def write_parquet(path: Path) -> None:
    """Quantities as integers, dates as dates, all else as text."""
    rows = list(sample.rows())
    arrays = []
    for name, sql_type in sample.columns():
        cells = [row.get(name) for row in rows]
        typed = map(_date, cells) if sql_type == "DATE" else cells
        arrays.append(pa.array(list(typed), TYPES.get(sql_type, pa.string())))
    pa.parquet.write_table(pa.table(arrays, NAMES), path)


def write_workbook(path: Path) -> None:
    """A title above the header, numbers as numbers, dates as dates."""
    dates = {name for name, sql_type in sample.columns() if sql_type == "DATE"}
    options = {"constant_memory": True, "default_date_format": "dd/mm/yy"}
    with xlsxwriter.Workbook(path, options) as book:
        sheet = book.add_worksheet("Orders")
        sheet.write(0, 0, "Order book")
        sheet.write_row(2, 0, NAMES)
        for number, row in enumerate(sample.rows(), start=3):
            for place, name in enumerate(NAMES):
                cell = row.get(name)
                if isinstance(cell, str) and name not in dates:
                    sheet.write_string(number, place, cell)
                elif cell is not None:
                    sheet.write(number, place, _date(cell) if name in dates else cell)


@pytest.fixture(scope="module")
def place(places: Callable[..., Place]) -> Place:
    """The whole sample in SQLite, and beside it in every other form."""
    place = places(lines=sample.rows())
    write_csv(place.folder / "orders.csv", ",", "utf-8")
    write_csv(place.folder / "semicolons.csv", ";", "cp1252")
    write_csv(place.folder / "tabs.txt", "\t", "utf-16")
    write_csv(place.folder / "pipes.csv", "|", "utf-8-sig")
    write_parquet(place.folder / "orders.parquet")
    write_workbook(place.folder / "orders.xlsx")
    query = 'SELECT * FROM "ORDERS_UNIFIED" -- all of it\n;'
    (place.folder / "orders.sql").write_text(query, encoding="utf-8")
    return place


@pytest.fixture(scope="module")
def expected(place: Place) -> dict[str, dict[str, Any]]:
    """The plans of the SQLite table: of all lines, and of PO 4755."""
    return {
        "": place.call("plan", "--json").json,
        "4755": place.call("plan", "--po", "4755", "--json").json,
    }


@pytest.mark.parametrize(
    "source",
    [
        *(f'file = "{name}"' for name in ("orders.csv", "semicolons.csv", "tabs.txt")),
        *(f'file = "{name}"' for name in ("pipes.csv", "orders.parquet", "orders.xlsx")),
        'file = "orders.xlsx"\nsheet = "Orders"\nheader_row = 3',
        'url = "sqlite:///source.db"\nquery = "orders.sql"',
        'url = "sqlite+pysqlite:///source.db"\ntable = "ORDERS_UNIFIED"',
    ],
)
@pytest.mark.parametrize("po", ["", "4755"])
def test_one_checksum(
    place: Place, expected: dict[str, dict[str, Any]], source: str, po: str
) -> None:
    """All of the sample and PO 4755 alone, dirty cells and all."""
    filters = ("--po", po) if po else ()
    found = place.run(*place.other((TABLE, source)), "plan", *filters, "--json").json
    assert len(found["operations"]) == len(expected[po]["operations"])
    assert len(found["operations"]) == 334 if po else len(found["operations"]) > 2_500
    assert found["checksum"] == expected[po]["checksum"]


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ('file = "orders.xlsx"\nsheet = "Oders"', 'has no sheet "Oders" (nearest: "Orders")'),
        ('file = "orders.xlsx"\nheader_row = 1', 'sheet "Orders", row 1 has no column'),
        ('file = "semicolons.csv"\ndelimiter = ","', "has no column"),
        ('url = "mysql+pymysql://db/orders"\ntable = "X"', "driver for mysql+pymysql"),
    ],
)
def test_check_says_what_is_wrong(place: Place, source: str, message: str) -> None:
    """In words, with a hint and without a traceback."""
    found = place.run(*place.other((TABLE, source)), "check", "--json", code=1).json
    (wrong,) = [check for check in found["checks"] if check["status"] == "failed"]
    assert message in json.dumps(wrong, ensure_ascii=False).replace('\\"', '"')


def test_unused_columns_are_one_line_of_log(place: Place) -> None:
    """How many and the first few, however many there are."""
    ended = place.run(*place.other((TABLE, 'file = "orders.csv"')), "plan")
    (line,) = [line for line in ended.err.splitlines() if "columns not used" in line]
    assert "count=61" in line
    assert line.count("MONTH") == 1
