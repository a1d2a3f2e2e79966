"""A planner pastes the key of one line into the item of another, and `verify` repairs it."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest

from customer_orders.demo import sample
from customer_orders.demo.board import BOARD_ID
from place import PLANNER, Place

WRITE = """
mutation ($board: ID!, $item: ID!, $values: JSON!) {
  change_multiple_column_values(board_id: $board, item_id: $item, column_values: $values) { id }
}
"""


def paste_key(place: Place, item: str, key: str) -> None:
    """Write it into the item's key column."""
    columns = place.admin("state")["boards"][0]["columns"]
    (column,) = (each["id"] for each in columns if each["title"] == "LINE KEY")
    place.query(WRITE, PLANNER, board=BOARD_ID, item=item, values=json.dumps({column: key}))


@pytest.mark.parametrize("theirs_stands", [True, False], ids=["twice", "once"])
def test_every_line_has_an_item_again(places: Callable[..., Place], theirs_stands: bool) -> None:
    """Where the other line has an item, the key is put right; else the item is the other line's."""
    lines = list(sample.rows(70))[:6]
    place = places(lines=lines if theirs_stands else lines[:5])
    place.apply()
    sample.write_sqlite(place.folder / "fresh.db", lines)
    (place.folder / "fresh.db").replace(place.source)
    if theirs_stands:
        first, second = place.board()[:2]
        paste_key(place, first.id, str(second.cells["LINE KEY"]))
    else:
        differences = place.call("verify", "--json", code=4).json["differences"]
        (missing,) = (d for d in differences if d["kind"] == "missing" and d["what"] == "item")
        first = place.board()[0]
        paste_key(place, first.id, missing["record_uuid"])
    repaired = json.loads(place.call("verify", "--repair", "--yes", "--json").out)
    assert repaired["error"] is None
    shown = place.board()
    assert len(shown) == len({item.cells["LINE KEY"] for item in shown}) == 6
    assert first.id in {item.id for item in shown}
    assert place.call("verify", "--json").json["differences"] == []
