"""What people do on the board, through the API and with a token of their own."""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import cache
from typing import TYPE_CHECKING, Any

from customer_orders.demo.board import BOARD_ID, SUBITEMS_BOARD_ID, seed
from place import PIPELINE, PLANNER, Shown

if TYPE_CHECKING:
    from place import Place

Act = Callable[["Place"], None]


@cache
def column(title: str) -> str:
    """The id of a column, of items or of subitems."""
    boards = seed()["boards"]
    return str(next(c["id"] for b in boards for c in b["columns"] if c["title"] == title))


def item(place: Place, number: str) -> Shown:
    """The item with an order number."""
    return next(i for i in place.board() if i.cells["AAG ORDER NUMBER"] == number)


def subitem(place: Place, number: str, size: str) -> str:
    """The id of one size of it."""
    text = "query ($ids: [ID!]!) { items(ids: $ids) { subitems { id name } } }"
    (found,) = place.query(text, ids=[item(place, number).id])["items"]
    return next(s["id"] for s in found["subitems"] if s["name"] == size)


def do(place: Place, call: str, **arguments: Any) -> Any:
    """One mutation; those that change a board's structure need the other token."""
    text = ", ".join(f"{name}: {_literal(value)}" for name, value in arguments.items())
    token = PIPELINE if call.endswith("group") else PLANNER
    return place.query(f"mutation {{ {call}({text}) {{ id }} }}", token)[call]["id"]


def _literal(value: Any) -> str:
    return json.dumps(json.dumps(value) if isinstance(value, dict) else value)


def write(number: str, **cells: Any) -> Act:
    """Write cells of an item, by title; `name` renames it."""

    def act(place: Place) -> None:
        values = {t if t == "name" else column(t): cell for t, cell in cells.items()}
        _change(place, BOARD_ID, item(place, number).id, values)

    return act


def write_size(number: str, size: str, **cells: Any) -> Act:
    """Write cells of one size."""

    def act(place: Place) -> None:
        values = {column(title): cell for title, cell in cells.items()}
        _change(place, SUBITEMS_BOARD_ID, subitem(place, number, size), values)

    return act


def _change(place: Place, board: str, monday_id: str, values: dict[str, Any]) -> None:
    change = "change_multiple_column_values"
    do(place, change, board_id=board, item_id=monday_id, column_values=values)


def retire(number: str, size: str | None = None, *, how: str = "archive_item") -> Act:
    """Archive or delete an item, or one size of it."""

    def act(place: Place) -> None:
        gone = subitem(place, number, size) if size else item(place, number).id
        do(place, how, item_id=gone)

    return act


def duplicate(number: str) -> Act:
    """Copy an item with its sizes, and note something on the copy."""

    def act(place: Place) -> None:
        copy = do(place, "duplicate_item", board_id=BOARD_ID, item_id=item(place, number).id)
        _change(place, BOARD_ID, copy, {column("matchAlias"): "mine"})

    return act


def move(number: str, title: str) -> Act:
    """Move an item to another group."""

    def act(place: Place) -> None:
        do(
            place,
            "move_item_to_group",
            item_id=item(place, number).id,
            group_id=group(place, title),
        )

    return act


def delete_group(title: str) -> Act:
    """Delete a group with all that stands in it."""
    return lambda place: do(place, "delete_group", board_id=BOARD_ID, group_id=group(place, title))


def group(place: Place, title: str) -> str:
    """The id of a group."""
    text = "query ($ids: [ID!]!) { boards(ids: $ids) { groups { id title archived deleted } } }"
    (board,) = place.query(text, ids=[BOARD_ID])["boards"]
    return str(next(g["id"] for g in board["groups"] if g["title"] == title and not g["deleted"]))


def all_of(*acts: Act) -> Act:
    """Several things on one day."""

    def act(place: Place) -> None:
        for each in acts:
            each(place)

    return act
