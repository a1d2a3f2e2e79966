"""What a day of the scripted year is: edits of the source, acts of people, and the board after it.

An item is written as one line of text, `group | name | type quantity | size quantity, ...`, so that
a day reads as a row of a table. What a day does not name stays as it was the day before.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from customer_orders.demo.sample import Row
    from place import Place

#: Mutations as `plan` counts them, such as {"update item": 1}.
Counts = Mapping[str, int]


@dataclass(frozen=True, kw_only=True)
class Order:
    """One order line as the source has it."""

    number: str
    sizes: Mapping[str, int] = field(default_factory=dict)
    style: str = "POLO"
    colour: str = "NAVY"
    customer: str = "GREYSON CLOTHIERS"
    season: str = "2025 FALL"
    type: str = "ACTIVE"
    po: str = "7001"
    method: str = "SEA"
    alias: str | None = None
    price: str | None = None
    terms: str | None = None
    category: str | None = None
    unit: str | None = None
    #: TOTAL QTY where it is not the sum of the sizes.
    total: int | None = None

    def row(self) -> Row:
        """Its row in the table."""
        return {
            "AAG ORDER NUMBER": self.number,
            "CUSTOMER NAME": self.customer,
            "CUSTOMER STYLE": self.style,
            "CUSTOMER COLOUR DESCRIPTION": self.colour,
            "PO NUMBER": self.po,
            "PLANNED DELIVERY METHOD": self.method,
            "ALIAS/RELATED ITEM": self.alias,
            "AAG SEASON": self.season,
            "ORDER TYPE": self.type,
            "CUSTOMER PRICE": self.price,
            "DELIVERY TERMS": self.terms,
            "CATEGORY": self.category,
            "UNIT OF MEASURE": self.unit,
            "TOTAL QTY": sum(self.sizes.values()) if self.total is None else self.total,
            **self.sizes,
        }


@dataclass(frozen=True, kw_only=True)
class Day:
    """One day: what happens, what it takes, and what the board shows in the evening."""

    what: str
    #: Lines that come into the source, by a name that only this table knows.
    new: Mapping[str, Order] = field(default_factory=dict)
    #: Cells that change.
    change: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    #: Lines that leave the source.
    gone: tuple[str, ...] = ()
    #: What people do on the board before the run.
    people: Callable[[Place], None] | None = None
    #: Text of the configuration that is replaced from this day on.
    settings: tuple[tuple[str, str], ...] = ()
    #: The command that carries the day out.
    command: tuple[str, ...] = ("apply",)
    #: All that the day's plan holds.
    takes: Counts = field(default_factory=dict)
    #: Items that look different in the evening; None is an item that is no longer there.
    shows: Mapping[str, str | None] = field(default_factory=dict)
    #: Where the ledger differs from the board, because of people.
    books: Mapping[str, str | None] = field(default_factory=dict)
    #: Rules of the findings that are open in the evening.
    finds: tuple[str, ...] = ()
    #: What the second plan of the day holds: it stands for one more complete read.
    then: Counts = field(default_factory=dict)
    #: How the run ends.
    code: int = 0
