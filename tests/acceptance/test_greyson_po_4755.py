"""GREYSON PO 4755 through the API: the board as another program reads it, value by value.

What should stand there is worked out here from the SQLite table, with none of the product's code.
"""

from __future__ import annotations

import csv
import sqlite3
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import closing
from decimal import Decimal, InvalidOperation
from functools import partial
from importlib.resources import files
from typing import Any

import pytest

from engines import ENGINES, empty_database
from place import Place, Shown, counted

BLANKS = " \t\r\n\u00a0"
ORDER_TYPES = {"ACTIVE": "RECEIVED", "CANCELLED": "CANCELLED"}
Line = dict[str, Any]


def shipped(file: str) -> list[dict[str, str]]:
    """The rows of a list that the package ships."""
    text = (files("customer_orders") / "config" / file).read_text(encoding="utf-8")
    return list(csv.DictReader(text.splitlines()))


FED = [row for row in shipped("board_columns.csv") if row["source_column"].strip("(")[:8] != ""]
FED = [row for row in FED if row["title"] != "Name"]
NAMES = [row["name"] for row in shipped("orders_unified_columns.csv")]
SIZES = [
    row["name"]
    for row in shipped("orders_unified_columns.csv")[
        NAMES.index("UNIT OF MEASURE") : NAMES.index("TOTAL QTY")
    ]
    if row["sql_type"] == "INT"
]


def text(line: Line, column: str) -> str:
    """A cell as people read it: without the blanks around it; NULL is the empty text."""
    return str(line[column] if line[column] is not None else "").strip(BLANKS)


def cancelled(line: Line) -> bool:
    return text(line, "ORDER TYPE").upper() == "CANCELLED"


def expected(line: Line, title: str, kind: str, column: str) -> str | None:
    """What the board's column should show of this line."""
    cell = text(line, column)
    if title == "CUSTOMER":
        return "GREYSON"
    if title == "ORDER TYPE":
        return ORDER_TYPES[cell.upper()]
    if title == "ORDER QTY" and cancelled(line):
        return "0"
    if title == "US TARIFF RATE" and cell == "TRUE":
        return "0"
    if kind == "numbers":
        return plain(cell)
    return cell or None


def plain(cell: str | None) -> str | None:
    """A number without trailing zeros; None for words and blanks."""
    try:
        return format(Decimal(cell or "").normalize(), "f")
    except InvalidOperation:
        return None


def identity(cells: Any, alias: str = "ALIAS/RELATED ITEM") -> tuple[str, str, str]:
    """What tells lines with equal order numbers apart."""
    names = ("AAG ORDER NUMBER", "PLANNED DELIVERY METHOD", alias)
    number, method, related = ((cells[name] or "").strip(BLANKS) for name in names)
    return number, method, related


@pytest.fixture(scope="module", params=ENGINES)
def place(
    request: pytest.FixtureRequest,
    places: Callable[..., Place],
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Place]:
    """The PO delivered by the command, with a ledger on each engine in turn."""
    server = partial(request.getfixturevalue, "postgres_server")
    folder = tmp_path_factory.mktemp("ledger")
    with (
        empty_database(request.param, folder, server) as url,
        pytest.MonkeyPatch.context() as environment,
    ):
        environment.setenv("LEDGER_DB_URL", url)
        yield delivered(places(ledger_url="env/LEDGER_DB_URL"))


def delivered(place: Place) -> Place:
    """A place whose board has the PO."""
    run = counted(place.run("apply", "--customer", "greyson", "--po", "4755", "--json").json)
    assert run["groups"]["created"] == 1
    assert (run["items"]["created"], run["subitems"]["created"]) == (69, 264)
    assert (run["items"]["failed"], run["items"]["updated"], run["dropped"]) == (0, 0, 1)
    return place


@pytest.fixture(scope="module")
def lines(place: Place) -> list[Line]:
    """The lines of the PO as the table has them."""
    with closing(sqlite3.connect(place.source)) as connection:
        connection.row_factory = sqlite3.Row
        rows = connection.execute(
            "select * from ORDERS_UNIFIED where trim(\"PO NUMBER\") = '4755' "
            "and \"CUSTOMER NAME\" = 'GREYSON CLOTHIERS'"
        ).fetchall()
    return [dict(row) for row in rows]


@pytest.fixture(scope="module")
def board(place: Place) -> list[Shown]:
    """The board, read over HTTP by a query of the test's own."""
    return place.board()


def test_the_source_is_the_acceptance_case(lines: list[Line]) -> None:
    """69 lines, 67 order numbers, 53 lines with sizes, 264 size lines."""
    sized = [sum(1 for size in SIZES if line[size]) for line in lines]
    assert len(lines) == 69
    assert len({text(line, "AAG ORDER NUMBER") for line in lines}) == 67
    assert sum(1 for count in sized if count) == 53
    assert sum(sized) == 264


def test_69_items_in_one_group(board: list[Shown]) -> None:
    """The season of the maker names the group, because the customer's is blank."""
    assert Counter(item.group for item in board) == {"GREYSON 2025 FALL": 69}
    keys = [item.cells["LINE KEY"] for item in board]
    assert len(set(keys)) == 69
    assert None not in keys


def test_264_subitems_with_their_quantities(lines: list[Line], board: list[Shown]) -> None:
    """Every size of every line, once, with the pieces of the table; none for cancelled lines."""
    shown = {identity(item.cells, "ALIAS RELATED ITEM"): item for item in board}
    for line in lines:
        item = shown[identity(line)]
        sizes = {size: str(line[size]) for size in SIZES if line[size] and not cancelled(line)}
        assert dict(item.sizes) == sizes
        assert len(item.sizes) == len(sizes)
    assert sum(len(item.sizes) for item in board) == 264


def test_all_46_columns_value_by_value(lines: list[Line], board: list[Shown]) -> None:
    """Every fed column of every line, and the item's name."""
    assert len(FED) == 46
    shown = {identity(item.cells, "ALIAS RELATED ITEM"): item for item in board}
    assert len(shown) == len(lines) == 69
    for line in lines:
        item = shown[identity(line)]
        wanted = {
            row["title"]: expected(line, row["title"], row["monday_type"], row["source_column"])
            for row in FED
        }
        cells = {
            row["title"]: plain(item.cells[row["title"]])
            if row["monday_type"] == "numbers"
            else item.cells[row["title"]]
            for row in FED
        }
        assert cells == wanted
        parts = ("CUSTOMER STYLE", "CUSTOMER COLOUR DESCRIPTION", "AAG ORDER NUMBER")
        assert item.name == " ".join(text(line, part) for part in parts)


def test_the_columns_of_others_are_untouched(board: list[Shown]) -> None:
    """No value in a column that the configuration does not own."""
    ours = {row["title"] for row in FED} | {"LINE KEY", "Subitems", "Item ID", "Last updated"}
    for item in board:
        assert {title for title, cell in item.cells.items() if cell} <= ours


def test_the_second_run_sends_nothing(place: Place) -> None:
    """No mutation reaches the board."""
    before = place.mutations()
    run = place.apply("--customer", "GREYSON", "--po", "4755")
    assert (run["status"], run["mutations"]) == ("NO_CHANGES", 0)
    assert place.mutations() == before
