"""Factories: settings, a board with every column of the profile, a line, its rendering."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

import pytest

from customer_orders.config import Settings, order_lines
from customer_orders.mapping import Rules, render
from customer_orders.model import Board, BoardColumn, Finding, Held, Item, Kind, OrderLine

BOARD = "9000000001"
UUID = "3f0e6f5c-8d3c-5b8e-9a55-0c1f6a6a9b11"
LABELS = {
    "CUSTOMER": ("GREYSON", "NORTHWIND KNITS"),
    "ORDER TYPE": ("RECEIVED", "CANCELLED", "FORECAST"),
    "UNIT OF MEASURE": ("PCE",),
}
#: What a line has unless a test says otherwise.
CELLS = {
    "CUSTOMER NAME": "GREYSON CLOTHIERS",
    "AAG ORDER NUMBER": "GRE-04305",
    "CUSTOMER STYLE": "MFA25B60",
    "CUSTOMER COLOUR DESCRIPTION": "417 - MALTESE BLUE",
    "PO NUMBER": "4755",
    "CUSTOMER SEASON": None,
    "AAG SEASON": "2025 FALL",
    "ORDER TYPE": "ACTIVE",
}

Make = Callable[..., Any]


@pytest.fixture(scope="session")
def settings() -> Make:
    """A small configuration; tables of the file are given by name."""

    def make(**tables: Any) -> Settings:
        known = {
            "source": {"file": "orders.csv"},
            "board": [{"id": BOARD, "name": "Customer Master Schedule"}],
            "customers": {"GREYSON": ["GREYSON CLOTHIERS"]},
        }
        return Settings.model_validate(known | tables)

    return make


@pytest.fixture(scope="session")
def board() -> Make:
    """The live board: all columns of the profile, those of others, and one read-only column."""

    def make(
        *,
        name: str = "Customer Master Schedule",
        labels: Mapping[str, Iterable[str]] | None = None,
        columns: Mapping[str, str | None] | None = None,
        subitem_columns: Mapping[str, str | None] | None = None,
    ) -> Board:
        of_items: dict[str, str | None] = {t: r.type for t, r in order_lines().columns.items()}
        of_items |= {"LINE KEY": "text", "ORDER STATUS": "status", "MO NUMBER": "mirror"}
        of_subitems = {"Size": "dropdown", "Order Qty": "numbers", "Cut Qty": "numbers"}
        shown = LABELS | dict(labels or {})
        return Board(
            id=BOARD,
            name=name,
            columns=_columns(of_items | dict(columns or {}), shown),
            subitem_columns=_columns(of_subitems | dict(subitem_columns or {}), shown),
            groups={},
            items_count=0,
            items_limit=10_000,
        )

    return make


def _columns(
    types: Mapping[str, str | None], labels: Mapping[str, Iterable[str]]
) -> dict[str, BoardColumn]:
    """Columns by title; a type of None leaves the column out."""
    return {
        title: BoardColumn(
            id=f"{kind}_{place}", title=title, type=kind, labels=frozenset(labels.get(title, ()))
        )
        for place, (title, kind) in enumerate(types.items())
        if kind
    }


@pytest.fixture(scope="session")
def line() -> Make:
    """An order line: cells by source column over the usual ones, and sizes."""

    def make(
        cells: Mapping[str, str | None] | None = None, sizes: Mapping[str, str] | None = None
    ) -> OrderLine:
        return OrderLine(
            record_uuid=UUID,
            line_key="KEY",
            ordinal=1,
            row=7,
            row_hash="hash",
            kind=Kind.NEW,
            values=CELLS | dict(cells or {}),
            sizes=dict(sizes or {}),
        )

    return make


@pytest.fixture(scope="session")
def rules(settings: Make, board: Make) -> Make:
    """The rules of a run on one board; `on` is that board, the rest goes to the settings."""

    def make(*, on: Board | None = None, **tables: Any) -> Rules:
        return Rules.of(settings(**tables), {BOARD: on or board()})

    return make


@pytest.fixture(scope="session")
def show(line: Make, rules: Make) -> Make:
    """Render one line: the item or what holds it, and the findings."""

    def make(
        cells: Mapping[str, str | None] | None = None,
        sizes: Mapping[str, str] | None = None,
        **tables: Any,
    ) -> tuple[Item | Held, tuple[Finding, ...]]:
        return render(line(cells, sizes), rules(**tables))

    return make
