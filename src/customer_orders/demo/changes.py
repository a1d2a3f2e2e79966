"""The demo's changes to the source, each with the board columns that it must write."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

import sqlalchemy as sa

from customer_orders.demo.sample import FIVE, line_of_4755, po_4755, seeded, split
from customer_orders.demo.tables import database


@dataclass(frozen=True, kw_only=True)
class SourceChange:
    """One edit of PO 4755 in the source, and what it must write to the board."""

    line: str  # AAG order number
    what: str
    cells: Mapping[str, Any]  # source columns and their new values
    item_columns: tuple[str, ...] = ()  # board columns written on an item that is there already
    items_created: int = 0

    def __str__(self) -> str:
        return f"{self.line}: {self.what}"


def _later(line: str, column: str, by: timedelta) -> str:
    """A date of the sample, moved: engines reckon with dates in words of their own."""
    (cells,) = (row for row in po_4755() if row["AAG ORDER NUMBER"] == line)
    return (date.fromisoformat(str(cells[column])) + by).isoformat()


_TOTAL = sa.column("TOTAL QTY", sa.INTEGER)
CHANGES = (
    SourceChange(
        line="GRE-04261",
        what="20 pieces more of M",
        cells={"M": sa.column("M", sa.INTEGER) + 20, "TOTAL QTY": _TOTAL + 20},
        item_columns=("ORDER QTY",),
    ),
    SourceChange(
        line="GRE-04264",
        what="2XL goes to 0",
        cells={"2XL": 0, "TOTAL QTY": _TOTAL - sa.column("2XL", sa.INTEGER)},
        item_columns=("ORDER QTY",),
    ),
    SourceChange(
        line="GRE-04266",
        what="25 pieces of a new size, 3XL",
        cells={"3XL": 25, "TOTAL QTY": _TOTAL + 25},
        item_columns=("ORDER QTY",),
    ),
    SourceChange(
        line="GRE-04327",
        what="a new line in 4 sizes",
        cells=line_of_4755(seeded(4327), "GRE-04327") | split(400, FIVE[:4]),
        items_created=1,
    ),
    SourceChange(
        line="GRE-04272",
        what="cancelled, with its 5 sizes",
        cells={"ORDER TYPE": "CANCELLED"},
        item_columns=("ORDER TYPE", "ORDER QTY"),
    ),
    SourceChange(
        line="GRE-04279",
        what="leaves the factory 14 days later",
        cells={"EX FACTORY DATE": _later("GRE-04279", "EX FACTORY DATE", timedelta(days=14))},
        item_columns=("CUSTOMER EX FACTORY DATE",),
    ),
)


def change(url: sa.URL, orders: sa.Table) -> tuple[SourceChange, ...]:
    """Make the demo's changes in a source, all of them or none; once."""
    number = orders.c["AAG ORDER NUMBER"]
    with database(url) as connection:
        for edit in CHANGES:
            there = connection.scalar(
                sa.select(sa.func.count()).select_from(orders).where(number == edit.line)
            )
            if there != 1 - edit.items_created:
                raise ValueError(f"this is not the sample before its changes: see {edit.line}")
            if edit.items_created:
                connection.execute(sa.insert(orders).values(edit.cells))
            else:
                connection.execute(sa.update(orders).where(number == edit.line).values(edit.cells))
    return CHANGES
