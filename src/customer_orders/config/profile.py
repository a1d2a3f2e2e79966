"""The shipped profile `order-lines`: which board column is fed from which source column."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator


class ColumnRule(BaseModel):
    """How one board column is fed."""

    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True)

    @model_validator(mode="before")
    @classmethod
    def _short_form(cls, data: Any) -> Any:
        """`"STYLE" = "Article"` is `"STYLE" = { from = "Article" }`."""
        return {"from": data} if isinstance(data, str) else data

    #: Name of the source column.
    source: str = Field(alias="from")
    #: monday's column type; None takes whatever the live board has.
    type: str | None = None
    #: Source values to replace, compared trimmed and without regard to the case of A to Z. On a
    #: dropdown or status column the map is complete: a value that it does not name is rejected.
    values: Mapping[str, str] = {}
    #: What a cell that cannot be used costs: itself, or its line.
    on_bad_cell: Literal["blank", "hold"] = "blank"


@dataclass(frozen=True, kw_only=True, slots=True)
class Profile:
    """A ready-made mapping."""

    #: Board title -> rule, in board order.
    columns: Mapping[str, ColumnRule]
    #: Titles of writable board columns that belong to other people and systems.
    foreign: frozenset[str]


ORDER_TYPES = {
    "ACTIVE": "RECEIVED",
    "RECEIVED": "RECEIVED",
    "CANCELLED": "CANCELLED",
    "FORECAST": "FORECAST",
}
VALUE_MAPS = {"ORDER TYPE": ORDER_TYPES, "US TARIFF RATE": {"TRUE": "0"}}
#: Fed by this program from the canonical customer, not from a cell.
COMPUTED = {"Name"}


def _rows(name: str) -> Iterator[dict[str, str]]:
    with (files("customer_orders.config") / name).open(encoding="utf-8") as file:
        yield from csv.DictReader(file)


@cache
def order_lines() -> Profile:
    """Read the profile from `board_columns.csv` and `subitem_columns.csv` in this package."""
    board = [row for row in _rows("board_columns.csv") if row["title"] not in COMPUTED]
    rules = {
        row["title"]: ColumnRule(
            source=row["source_column"],
            type=row["monday_type"],
            values=VALUE_MAPS.get(row["title"], {}),
        )
        for row in board
        if row["source_column"]
    }
    sizes = list(_rows("subitem_columns.csv"))
    foreign = {r["title"] for r in board + sizes if r["writable"] == "yes"} - set(rules)
    fed = {row["title"] for row in sizes if row["source_column"].startswith("(")}
    return Profile(columns=rules, foreign=frozenset(foreign - fed))


@cache
def source_types() -> Mapping[str, str]:
    """SQL type of every known column of ORDERS_UNIFIED: what a file without types means."""
    return {row["name"]: row["sql_type"] for row in _rows("orders_unified_columns.csv")}
