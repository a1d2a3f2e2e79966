"""A scripted year of a customer: after every day board, ledger and table agree.

The days follow each other on one board and one ledger, and the source table is built anew every
day, as its loads do.
"""

from __future__ import annotations

import dataclasses
import json
import uuid
from collections.abc import Callable, Mapping

import first_quarter
import fourth_quarter
import pytest
import second_quarter
import third_quarter
from days import Day, Order

from customer_orders.demo import sample
from place import Place, Shown

DAYS = (
    *first_quarter.DAYS,
    *second_quarter.DAYS,
    *third_quarter.DAYS,
    *fourth_quarter.DAYS,
)


class Year:
    """The place of the year, the orders of the source, and what the table expects so far."""

    def __init__(self, place: Place) -> None:
        self.place = place
        self.text = place.configuration()
        self.orders: dict[str, Order] = {}
        self.shows: dict[str, str] = {}
        self.books: dict[str, str] = {}

    def live(self, day: Day) -> None:
        """Load the source, let people act, and carry the day out as it is planned."""
        for old, new in day.settings:
            assert old in self.text, old
            self.text = self.text.replace(old, new)
        self.place.config.write_text(self.text, encoding="utf-8")
        self._load(day)
        if day.people:
            day.people(self.place)
        go = () if day.command == ("apply",) else ("--yes",)
        plan = self._plan(*(day.command if go else ("plan",)))
        assert plan["counts"] == day.takes
        run = self.place.call(*day.command, *go, "--json", code=day.code).json
        assert run["checksum"] == plan["checksum"]
        _merge(self.shows, day.shows)
        _merge(self.books, {**day.shows, **day.books})

    def _load(self, day: Day) -> None:
        self.orders |= day.new
        for name, cells in day.change.items():
            self.orders[name] = dataclasses.replace(self.orders[name], **cells)
        for name in day.gone:
            del self.orders[name]
        rows = [order.row() | {"record_uuid": str(uuid.uuid4())} for order in self.orders.values()]
        sample.write_sqlite(self.place.source, rows)

    def _plan(self, *command: str) -> dict[str, object]:
        plan: dict[str, object] = self.place.call(*command, "--json").json
        return plan

    def left_to_do(self) -> object:
        """What the second plan of the day holds."""
        return self._plan("plan")["counts"]

    def on_board(self) -> list[str]:
        """The items as people see them."""
        return sorted(map(_shown, self.place.board()))

    def in_ledger(self) -> list[str]:
        """The items as the ledger has them."""
        rows = self.place.sql("select * from item", database="ledger.db")
        sizes = self.place.sql("select record_uuid, delivered from subitem", database="ledger.db")
        return sorted(
            _text(group, name, json.loads(cells), [json.loads(d) for of, d in sizes if of == line])
            for line, _, _, group, name, cells in rows
        )

    def open_rules(self) -> list[str]:
        """Rules of the findings that are open."""
        return sorted(finding["rule"] for finding in self.place.call("findings", "--json").json)


def _merge(state: dict[str, str], news: Mapping[str, str | None]) -> None:
    for name, text in news.items():
        if text is None:
            state.pop(name, None)
        else:
            state[name] = text


def _shown(item: Shown) -> str:
    sizes = [{"Size": size, "Order Qty": pieces} for size, pieces in item.sizes]
    return _text(item.group, item.name, item.cells, sizes)


def _text(
    group: str, name: str, cells: Mapping[str, str | None], sizes: list[dict[str, str]]
) -> str:
    """An item as the table writes it; sizes in the order of the table's size columns."""
    places = {column: place for place, (column, _) in enumerate(sample.columns())}
    ordered = sorted(sizes, key=lambda size: places[size["Size"]])
    pieces = ", ".join(f"{size['Size']} {size['Order Qty']}" for size in ordered)
    return f"{group} | {name} | {cells['ORDER TYPE']} {cells['ORDER QTY']} | {pieces}"


@pytest.fixture(scope="module")
def year(places: Callable[..., Place]) -> Year:
    """One place for all days."""
    return Year(places(lines=[]))


@pytest.mark.parametrize(
    ("number", "day"),
    [pytest.param(n, day, id=f"{n:02} {day.what}") for n, day in enumerate(DAYS, 1)],
)
def test_day(year: Year, number: int, day: Day) -> None:
    """Board, ledger and table agree in the evening, and the second plan is empty.

    Only a line that is about to be archived makes it hold something.
    """
    year.live(day)
    assert year.on_board() == sorted(year.shows.values())
    assert year.in_ledger() == sorted(year.books.values())
    assert year.left_to_do() == day.then
    assert year.open_rules() == list(day.finds)
