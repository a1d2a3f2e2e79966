"""The page at `/`."""

from __future__ import annotations

import re
from typing import Any

import pytest

from customer_orders.emulator.accounts import Accounts
from customer_orders.emulator.errors import Unknown
from customer_orders.emulator.page import SHOWN, shown

EVIL = "<script>alert(1)</script>"
SEED: dict[str, Any] = {
    "boards": [
        {
            "id": "10",
            "name": "Orders",
            "subitems_board": "11",
            "columns": [
                {"id": "note", "title": EVIL, "type": "text"},
                {
                    "id": "state",
                    "title": "State",
                    "type": "status",
                    "settings": {"labels": ["Open", EVIL]},
                },
                {"id": "gone", "title": "Gone", "type": "text", "archived": True},
                {"id": "subitems", "title": "Subitems", "type": "subtasks"},
            ],
            "groups": [
                {"id": "a", "title": "Autumn", "color": "#579bfc"},
                {"id": "b", "title": EVIL, "color": "red}body{display:none"},
                {"id": "c", "title": "Old", "state": "archived"},
            ],
            "items": [
                {"id": "1", "name": "First", "values": {"note": "x", "state": 0}},
                {"id": "2", "name": EVIL, "group": "b", "values": {"note": EVIL, "state": 1}},
                {"id": "3", "name": "Thrown away", "state": "deleted"},
            ],
        },
        {
            "id": "11",
            "name": "Subitems of Orders",
            "columns": [{"id": "quantity", "title": "Quantity", "type": "numbers"}],
            "items": [
                {"id": "4", "name": "XL", "parent": "1", "values": {"quantity": "7"}},
                {"id": "5", "name": "Not shown", "parent": "1", "state": "archived"},
            ],
        },
        {"id": "12", "name": "Empty"},
    ],
}


def html(data: dict[str, Any], board: str | None = None, number: int = 1) -> str:
    accounts = Accounts(data)
    return shown(accounts, accounts.all[0], board, number).html()


def words(page: str) -> str:
    """The text of the page, without its head and script."""
    body = page.partition("<body>")[2].partition("<script>")[0]
    return " ".join(re.sub(r"<[^>]*>", " ", body).split())


def test_the_first_board_with_all_that_stands_on_it():
    """Groups, items, cells, labels and subitems; nothing archived or deleted."""
    text = words(html(SEED))
    assert "Orders 2 items of 10,000 · 2 groups · 2 columns" in text
    assert "Labels State · 2 Open" in text
    assert "Autumn 1 Name" in text
    assert "First x Open XL 7" in text
    for hidden in ("Thrown away", "Not shown", "Gone", "Old", "Subitems of"):
        assert hidden not in text


def test_what_people_write_is_text():
    """Names, titles, labels and values cannot become markup, nor a colour become style."""
    page = html(SEED)
    assert EVIL not in page
    assert page.count("&lt;script&gt;") == 7
    assert "red}body" not in page


def test_another_board_and_none():
    """A board is named by its id; an account may have none."""
    assert "Empty 0 items" in words(html(SEED, "12"))
    assert "No board yet" in words(html({}))
    with pytest.raises(Unknown):
        html(SEED, "404")


def test_more_items_than_a_page_shows():
    """The rest is on further pages, groups in their order."""
    groups = [{"id": each, "title": each} for each in "ab"]
    items = [{"name": f"{each}{n}", "group": each} for each in "ab" for n in range(600)]
    data = {"boards": [{"id": "1", "name": "Big", "groups": groups, "items": items}]}
    first, second = words(html(data)), words(html(data, "1", 2))
    assert SHOWN == 1_000
    assert "page 1 of 2: 1 2" in first
    assert ("b399" in first, "b400" in first) == (True, False)
    assert ("b399" in second, "b400" in second, "a599" in second) == (False, True, False)


def test_the_tag_changes_with_every_change():
    """A reader asks again and gets the page only when something is new."""
    accounts = Accounts(SEED)
    monday = accounts.all[0]
    before = shown(accounts, monday, None, 1).headers["ETag"]
    assert shown(accounts, monday, None, 1).headers["ETag"] == before
    monday.changes += 1
    assert shown(accounts, monday, None, 1).headers["ETag"] != before


def test_several_accounts_name_their_boards():
    """Each account is a heading of its own, and its links say which it is."""
    data = {
        "accounts": [
            {"account": {"name": "North"}, "users": [{"id": "1", "token": "emulator-n"}], **SEED},
            {"account": {"name": "South"}, "users": [{"id": "2", "token": "emulator-s"}], **SEED},
        ]
    }
    page = html(data)
    assert "North: Orders 2 Empty 0 South: Orders 2 Empty 0" in words(page)
    assert page.count("?account=2&amp;board=10") == 1
