"""The page at `/`: what stands on the boards, for people; it follows while they fill."""

from __future__ import annotations

import base64
import hashlib
import re
from functools import cache
from importlib.resources import files
from itertools import islice
from typing import TYPE_CHECKING, Any, NamedTuple

from jinja2 import Environment, PackageLoader, StrictUndefined

from customer_orders.emulator.cells import cells_of, columns_of, text_of
from customer_orders.emulator.errors import Unknown
from customer_orders.emulator.state import GROUP_COLOR, LABELLED

if TYPE_CHECKING:
    from collections.abc import Iterator

    from customer_orders.emulator.accounts import Accounts
    from customer_orders.emulator.cells import Cell
    from customer_orders.emulator.core import Monday
    from customer_orders.emulator.errors import Unknown
from customer_orders.emulator.state import Board, Column, Group, Item

#: Items on one page.
SHOWN = 1_000


class Page(NamedTuple):
    """What is to be shown; `html` shows it."""

    headers: dict[str, str]
    content: dict[str, Any]

    def html(self) -> str:
        return _environment().get_template("page.html").render(self.content)


def shown(accounts: Accounts, monday: Monday, board_id: str | None, number: int) -> Page:
    """The page of a board, or of the first one."""
    boards = _boards(monday)
    board = boards.get(board_id) if board_id else next(iter(boards.values()), None)
    if board is None and board_id:
        raise Unknown(f"there is no board {board_id!r}")
    script = _script()
    policy = f"default-src 'none'; style-src 'unsafe-inline'; script-src '{_digest(script)}'"
    return Page(
        {
            "ETag": f'"{id(monday):x}-{accounts.changes}"',
            "Cache-Control": "no-cache",
            "Content-Security-Policy": f"{policy}; connect-src 'self'",
        },
        {
            "script": script,
            "accounts": [(each.state.account, _boards(each).values()) for each in accounts.all],
            "account": monday.state.account,
            "board": board,
            "number": number,
            "pages": -(-board.items_count // SHOWN) if board else 0,
            "view": _view(board, (number - 1) * SHOWN) if board else None,
        },
    )


def _boards(monday: Monday) -> dict[str, Board]:
    """The boards that a person opens: subitems are shown with their items."""
    boards = monday.state.boards.values()
    return {each.id: each for each in boards if each.state == "active" and not each.holds_subitems}


def _view(board: Board, start: int) -> dict[str, Any]:
    columns = [column for column in columns_of(board) if column.type != "subtasks"]
    return {
        "columns": columns,
        "labelled": [column for column in columns if column.type in LABELLED],
        "groups": list(_groups(board, columns, start)),
    }


def _groups(
    board: Board, columns: list[Column], start: int
) -> Iterator[tuple[Group, str, list[dict[str, Any]], int]]:
    """Each group with its colour, its items on this page, and how many it has."""
    left = SHOWN
    for group in board.groups:
        if group.state != "active":
            continue
        items = list(group.active())
        rows = [_row(item, columns) for item in islice(items, start, start + left)]
        start = max(0, start - len(items))
        left -= len(rows)
        color = group.color if re.fullmatch(r"#[0-9a-fA-F]{3,8}", group.color) else GROUP_COLOR
        yield group, color, rows, len(items)


def _row(item: Item, columns: list[Column]) -> dict[str, Any]:
    return {
        "item": item,
        "cells": [_shown_cell(cell) for cell in cells_of(item, columns)],
        "subitems": [(each, _summary(each)) for each in item.subitems if each.state == "active"],
    }


def _summary(subitem: Item) -> str:
    """What its cells say beyond its name."""
    texts = [text_of(cell) for cell in cells_of(subitem, columns_of(subitem.board))]
    return " · ".join(text for text in texts if text and text != subitem.name)


def _shown_cell(cell: Cell) -> tuple[str, list[tuple[str, int]]]:
    """The text of a cell, or its labels with the number of each one's colour."""
    column = cell.column
    if column.type not in LABELLED:
        return text_of(cell) or "", []
    ids = cell.stored if isinstance(cell.stored, list) else [cell.stored]
    labels = [column.labels[each] for each in ids if each in column.labels]
    return "", [(each.label, each.id) for each in labels]


@cache
def _environment() -> Environment:
    return Environment(
        loader=PackageLoader("customer_orders.emulator"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


@cache
def _script() -> str:
    return files("customer_orders.emulator").joinpath("templates/page.js").read_text("utf-8")


@cache
def _digest(script: str) -> str:
    """The only script that the page may run."""
    return "sha256-" + base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
