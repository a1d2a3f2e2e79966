"""Customers on boards of their own: each line stands on one board, and all commands know both."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from customer_orders.demo import sample
from customer_orders.demo.board import BOARD_ID, BOARD_NAME, KEY_COLUMN, seed
from place import PLANNER, Place

EAST, EAST_NAME, EAST_SUBITEMS = "9000000011", "Orders of the east", "9000000012"
#: The source's name of the customer on the second board.
QUILLMOOR = sample.CUSTOMERS["QUILLMOOR"][0]
ARCHIVE = "mutation ($id: ID!) { archive_item(item_id: $id) { id } }"
KEY, FIRST = f'key_column = "{KEY_COLUMN}"\n', 'customers = ["GREYSON"]\n'
SECOND = f"""
[[board]]
id = "{EAST}"
name = "{EAST_NAME}"
key_column = "{KEY_COLUMN}"
"""


def order_lines() -> list[sample.Row]:
    """A dozen lines of two customers in turn."""
    lines = sample.po_4755()[:12]
    return [
        line | ({"CUSTOMER NAME": QUILLMOOR, "PO NUMBER": "81"} if place % 2 else {})
        for place, line in enumerate(lines)
    ]


def second_board() -> Iterator[dict[str, Any]]:
    """The sample's board once more, under ids of its own."""
    items, subitems = copy.deepcopy(seed()["boards"])
    yield items | {"id": EAST, "name": EAST_NAME, "subitems_board": EAST_SUBITEMS}
    yield subitems | {"id": EAST_SUBITEMS, "name": f"Subitems of {EAST_NAME}"}


@pytest.fixture(scope="module")
def place(places: Callable[..., Place]) -> Place:
    """GREYSON has a board to itself; all others go to the second one."""
    place = places(lines=order_lines(), boards=second_board())
    _, file = place.other((KEY, f"{KEY}{FIRST}{SECOND}"))
    (place.folder / file).replace(place.config)
    place.call("check")
    place.apply()
    return place


def numbers(place: Place, board: str) -> set[str | None]:
    """Order numbers that stand on a board."""
    return {item.cells["AAG ORDER NUMBER"] for item in place.board(board)}


def wanted(place: Place, customer: str) -> set[str]:
    """Order numbers of a customer in the source."""
    select = 'select "AAG ORDER NUMBER" from ORDERS_UNIFIED where "CUSTOMER NAME" = ?'
    return {number for (number,) in place.sql(select, customer)}


def test_every_line_stands_on_its_board_and_no_other(place: Place) -> None:
    """Both boards together hold the source, line by line."""
    (greyson,) = sample.CUSTOMERS["GREYSON"]
    assert numbers(place, BOARD_ID) == wanted(place, greyson)
    assert numbers(place, EAST) == wanted(place, QUILLMOOR)
    assert [len(place.board(board)) for board in (BOARD_ID, EAST)] == [6, 6]
    assert place.apply()["status"] == "NO_CHANGES"
    assert place.call("verify", "--json").json["verified"] is True


def test_a_change_goes_to_the_board_of_its_line(place: Place) -> None:
    """One cell of one line: one mutation, on the second board."""
    number = min(filter(None, numbers(place, EAST)))
    change = 'update ORDERS_UNIFIED set "NOTES" = ? where "AAG ORDER NUMBER" = ?'
    place.sql(change, "call the mill", number)
    assert place.apply()["mutations"] == 1
    (item,) = (x for x in place.board(EAST) if x.cells["AAG ORDER NUMBER"] == number)
    assert item.cells["NOTES"] == "call the mill"


def test_a_repair_and_a_story_know_the_second_board(place: Place) -> None:
    """What was taken off the second board comes back there; `show` links to it."""
    gone = place.board(EAST)[0]
    place.query(ARCHIVE, PLANNER, id=gone.id)
    (found,) = place.call("verify", "--json", code=4).json["differences"]
    assert (found["kind"], found["expected"]) == ("missing", gone.name)
    place.call("verify", "--repair", "--yes")
    assert gone.name in {item.name for item in place.board(EAST)}
    assert place.call("verify", "--json").json["verified"] is True
    story = place.call("show", place.board(EAST)[0].id, "--json").json
    assert EAST in story["today"]["link"]


def test_a_customer_that_goes_elsewhere_is_held(place: Place) -> None:
    """An item is not moved between boards: its lines stay where they are, with a finding."""
    elsewhere = 'customers = ["GREYSON", "QUILLMOOR"]\n'
    options = place.other((KEY, f"{KEY}{elsewhere}{SECOND}"))
    before = place.board(BOARD_ID), place.board(EAST)
    plan = place.call(*options, "plan", "--json").json
    assert plan["counts"] == {}
    rules = {found["rule"] for found in plan["findings"] if found["customer"] == "QUILLMOOR"}
    assert "board" in rules
    assert (place.board(BOARD_ID), place.board(EAST)) == before


def test_a_second_board_that_is_not_there_is_named(place: Place) -> None:
    """`check` says which, and nothing is sent."""
    options = place.other((KEY, f"{KEY}{FIRST}{SECOND.replace(EAST, '9000000099')}"))
    ended = place.call(*options, "apply", code=1)
    assert "9000000099" in ended.err
    assert BOARD_NAME not in ended.err
