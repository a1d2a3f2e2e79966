"""Boards and items as they are read from the emulator: columns by title, pages, look-ups."""

from __future__ import annotations

import copy
import json
import random
from collections.abc import Mapping
from typing import Any

import pytest
from answering import Direct

from customer_orders.demo.board import BOARD_ID, BOARD_NAME, KEY_COLUMN, seed
from customer_orders.emulator import Monday
from customer_orders.errors import BoardError
from customer_orders.model import Board
from customer_orders.monday import BoardAPI, Client, Governor, Response

SEED: Mapping[str, Any] = {
    "settings": {"plan": "enterprise"},
    "boards": [
        {
            "id": "10",
            "name": "Orders",
            "items_limit": 9000,
            "subitems_board": "11",
            "columns": [
                {"id": "key", "title": "LINE KEY", "type": "text"},
                {"id": "note", "title": "NOTE", "type": "text"},
                {"id": "other", "title": "Theirs", "type": "text"},
                {"id": "gone", "title": "Old", "type": "text", "archived": True},
                {
                    "id": "kind",
                    "title": "KIND",
                    "type": "dropdown",
                    "settings": {
                        "labels": [
                            {"id": 4, "label": "A"},
                            {"id": 7, "label": "B", "is_deactivated": True},
                        ]
                    },
                },
                {
                    "id": "subitems",
                    "title": "Subitems",
                    "type": "subtasks",
                    "settings": {"boardIds": ["11"]},
                },
            ],
            "groups": [
                {"id": "g1", "title": "One"},
                {"id": "g2", "title": "Two"},
                {"id": "g3", "title": "Two"},
                {"id": "g4", "title": "Archived", "state": "archived"},
                {"id": "g5", "title": "Deleted", "state": "deleted"},
            ],
        },
        {
            "id": "11",
            "name": "Subitems of Orders",
            "columns": [
                {"id": "size", "title": "Size", "type": "dropdown", "settings": {"labels": ["M"]}},
                {"id": "qty", "title": "Order Qty", "type": "numbers"},
            ],
        },
        {"id": "12", "name": "Old", "state": "archived"},
        {"id": "13", "name": "Levels", "hierarchy_type": "multi_level"},
    ],
}


def opened(*items: Mapping[str, Any], **board: Any) -> tuple[BoardAPI, Direct]:
    """A reader of the board with these items on it."""
    state: Any = copy.deepcopy(dict(SEED))
    state["boards"][0] |= {"items": list(items), **board}
    transport = Direct(Monday(state, source=random.Random(7)))
    client = Client(transport, Governor("enterprise"), version="2026-10")
    columns = ["LINE KEY", "NOTE", "KIND"]
    return BoardAPI(client, columns=columns, subitem_columns=["Size", "Order Qty"]), transport


def row(number: int, **more: Any) -> dict[str, Any]:
    """An item with the key `k<number>`."""
    values = {"key": f"k{number}", "note": f"n{number}", "other": "theirs"}
    return {"id": str(1000 + number), "name": f"item {number}", "values": values} | more


async def test_a_board_is_read():
    """Columns by title without the archived, active groups by title, room, and its subitems."""
    api, _ = opened(row(1))
    board = await api.board("10")
    assert (board.id, board.name, board.subitems_board) == ("10", "Orders", "11")
    assert (board.items_count, board.items_limit) == (1, 9000)
    assert set(board.columns) >= {"LINE KEY", "NOTE", "KIND", "Theirs", "Subitems"}
    assert "Old" not in board.columns
    kind = board.columns["KIND"]
    assert (kind.id, kind.type, kind.labels) == ("kind", "dropdown", frozenset({"A"}))
    assert dict(kind.label_ids) == {"A": 4}
    assert set(board.subitem_columns) >= {"Size", "Order Qty"}
    assert dict(board.groups) == {"One": ("g1",), "Two": ("g2", "g3")}


async def test_the_sample_board_is_read():
    """All 85 columns and the key; each id is its own."""
    transport = Direct(Monday(seed(), source=random.Random(7)), token="emulator-demo")
    client = Client(transport, Governor("enterprise"), version="2026-10")
    board = await BoardAPI(client, columns=[], subitem_columns=[]).board(BOARD_ID)
    assert board.name == BOARD_NAME
    assert KEY_COLUMN in board.columns
    assert len({column.id for column in board.columns.values()}) == len(board.columns)
    assert "RECEIVED" in board.columns["ORDER TYPE"].labels


@pytest.mark.parametrize("board_id", ["99", "12"])
async def test_a_board_that_is_not_there(board_id: str):
    """Unknown or archived: the message names the id, the hint says where to look."""
    api, _ = opened()
    with pytest.raises(BoardError, match=f"board {board_id} is not there") as caught:
        await api.board(board_id)
    assert "[[board]]" in caught.value.hint


async def test_a_multi_level_board_is_refused():
    """Its parents' values are computed: writes to them would change nothing, silently."""
    api, _ = opened()
    with pytest.raises(BoardError, match='board 13 "Levels" is a multi_level board'):
        await api.board("13")


async def test_two_columns_with_one_title():
    """Refused when the title is one of ours; of others it does not matter."""
    extra = [{"id": "x", "title": "Theirs", "type": "text"}]
    columns = [*SEED["boards"][0]["columns"], *extra]
    api, _ = opened(columns=columns)
    assert (await api.board("10")).name == "Orders"
    columns = [*columns, {"id": "y", "title": "NOTE", "type": "numbers"}]
    api, _ = opened(columns=columns)
    with pytest.raises(BoardError, match='two columns called "NOTE"'):
        await api.board("10")


async def test_a_board_without_subitems():
    """It has no columns for sizes."""
    columns = [c for c in SEED["boards"][0]["columns"] if c["type"] != "subtasks"]
    api, _ = opened(columns=columns, subitems_board=None)
    board = await api.board("10")
    assert (board.subitems_board, dict(board.subitem_columns)) == ("", {})


async def shown_ids(api: BoardAPI, board: Board, keys: list[str]) -> list[str]:
    """Ids of what bears these keys."""
    return [item.monday_id for item in await api.find(board, "LINE KEY", keys)]


async def test_items_are_found_by_key():
    """Values by title, of our columns alone; several with one key come oldest first."""
    api, _ = opened(row(1, group="g2"), row(2), row(3, id="900", values={"key": "k2"}))
    board = await api.board("10")
    (found,) = await api.find(board, "LINE KEY", ["k1", "absent"])
    assert (found.monday_id, found.name, found.group, found.board) == (
        "1001",
        "item 1",
        "Two",
        "10",
    )
    assert dict(found.values) == {"LINE KEY": "k1", "NOTE": "n1", "KIND": None}
    assert await shown_ids(api, board, ["k2"]) == ["900", "1002"]
    assert await shown_ids(api, board, []) == []


async def test_keys_are_looked_up_by_the_hundred():
    """Five hundreds share a call: 700 keys are two."""
    api, transport = opened(*(row(number) for number in range(700)))
    board = await api.board("10")
    transport.asked.clear()
    keys = [f"k{number}" for number in range(700)]
    assert len(await api.find(board, "LINE KEY", keys)) == 700
    assert transport.asked == ["FindItems"] * 2


@pytest.mark.parametrize(
    ("items", "keys", "asked"),
    [
        (0, 5, ["ScanItems"]),
        (120, 101, ["ScanItems"]),
        (120, 5, ["FindItems"]),
        (700, 90, ["FindItems"]),
        (700, 250, ["ScanItems", "NextItems"]),
    ],
)
async def test_the_way_with_fewer_calls(items: int, keys: int, asked: list[str]):
    """Many keys on a small board are found by reading the board."""
    api, transport = opened(*(row(number) for number in range(items)))
    board = await api.board("10")
    transport.asked.clear()
    found = await api.under_keys(board, "LINE KEY", {f"k{number}" for number in range(keys)})
    assert transport.asked == asked
    assert set(found) == {f"k{number}" for number in range(min(items, keys))}
    assert all(len(copies) == 1 for copies in found.values())


async def test_a_scan_goes_through_all_pages():
    """1,100 items are three pages; archived ones are on none."""
    rows = [row(number) for number in range(1100)]
    rows[7]["state"] = "archived"
    rows[8]["state"] = "deleted"
    api, transport = opened(*rows)
    board = await api.board("10")
    transport.asked.clear()
    shown = [item.monday_id async for item in api.scan(board)]
    assert len(shown) == len(set(shown)) == 1098
    assert not {"1007", "1008"} & set(shown)
    assert transport.asked == ["ScanItems", "NextItems", "NextItems"]


async def test_a_board_that_vanishes_before_the_scan():
    """Said in our words, and never taken for an empty board."""
    api, transport = opened(row(1))
    board = await api.board("10")
    transport.monday.state.boards["10"].state = "archived"
    transport.monday.state.boards.pop("10")
    with pytest.raises(BoardError, match="board 10 is not there"):
        [item async for item in api.scan(board)]


async def test_items_are_read_by_id():
    """By the hundred, all that monday takes, in one request; archived ones are left out."""
    rows = [row(number) for number in range(230)]
    rows[3]["state"] = "archived"
    api, transport = opened(*rows)
    board = await api.board("10")
    transport.asked.clear()
    ids = [str(1000 + number) for number in range(230)]
    shown = await api.read(board, [*ids, "77"])
    assert transport.asked == ["ReadItems"]
    assert [item.monday_id for item in shown] == [each for each in ids if each != "1003"]
    assert await api.read(board, []) == []


async def test_sizes_are_read_with_their_item():
    """Active subitems alone, with their values by title."""
    api, transport = opened(row(1))
    monday = transport.monday
    for quantity, state in (("5", "active"), ("6", "archived")):
        made = await ask(
            transport,
            "mutation Make($v: JSON) { create_subitem(parent_item_id: 1001, "
            'item_name: "M", column_values: $v) { id } }',
            v=json.dumps({"size": {"labels": ["M"]}, "qty": quantity}),
        )
        monday.state.items[made["create_subitem"]["id"]].state = state
    board = await api.board("10")
    (item,) = await api.read(board, ["1001"])
    (subitem,) = item.subitems
    assert (subitem.name, dict(subitem.values)) == ("M", {"Size": "M", "Order Qty": "5"})
    assert list(item.sizes("Size")) == ["M"]
    (found,) = await api.find(board, "LINE KEY", ["k1"])
    assert found == item


async def ask(transport: Direct, text: str, **variables: Any) -> Any:
    """Something that the client has no document for."""
    body = json.dumps({"query": text, "variables": variables}).encode()
    answer: Response = await transport.post(body, {})
    content = json.loads(answer.body)
    assert "errors" not in content, content
    return content["data"]


async def test_the_key_column_is_made():
    """A text column with the title of the configuration."""
    columns = [c for c in SEED["boards"][0]["columns"] if c["id"] != "key"]
    api, _ = opened(columns=columns)
    board = await api.board("10")
    assert "LINE KEY" not in board.columns
    await api.make_key_column(board, "LINE KEY")
    made = (await api.board("10")).columns["LINE KEY"]
    assert made.type == "text"


async def test_the_key_column_needs_a_right():
    """Who may not change the board is told so."""
    state: Any = copy.deepcopy(dict(SEED))
    state["users"] = [{"id": "1", "can_change_structure": False}]
    client = Client(Direct(Monday(state)), Governor("pro"), version="2026-10")
    api = BoardAPI(client, columns=[], subitem_columns=[])
    board = await api.board("10")
    with pytest.raises(BoardError, match='the column "K" was not made') as caught:
        await api.make_key_column(board, "K")
    assert "right to change" in caught.value.hint
