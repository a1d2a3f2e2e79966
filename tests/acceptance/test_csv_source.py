"""The sample as a CSV export is the same source as the SQLite table."""

from __future__ import annotations

import csv
import sqlite3
from collections.abc import Callable
from contextlib import closing
from typing import Any

import pytest

from customer_orders.demo import sample
from place import Place

AS_CSV = (('url = "sqlite:///source.db"\ntable = "ORDERS_UNIFIED"', 'file = "orders.csv"'),)


@pytest.fixture(scope="module")
def place(places: Callable[..., Place]) -> Place:
    """The whole sample in SQLite, and its export beside it, as a spreadsheet would save it."""
    place = places(lines=sample.rows())
    with closing(sqlite3.connect(place.source)) as connection:
        rows = connection.execute("select * from ORDERS_UNIFIED")
        names = [column[0] for column in rows.description]
        with (place.folder / "orders.csv").open("w", encoding="utf-8", newline="") as file:
            csv.writer(file).writerows([names, *rows])
    return place


def test_the_plan_has_the_same_checksum(place: Place) -> None:
    """No path and no kind of source is in it."""
    from_table = place.call("plan", "--json").json
    from_file = place.run(*place.other(*AS_CSV), "plan", "--json").json
    assert len(from_table["operations"]) > 2_500
    assert from_file["checksum"] == from_table["checksum"]
    assert _remarks(from_file) == _remarks(from_table)


def _remarks(plan: dict[str, Any]) -> set[tuple[str, str, str]]:
    return {(f["rule"], f["record_uuid"] or "", f["value"] or "") for f in plan["findings"]}


def test_switching_the_source_changes_nothing(place: Place) -> None:
    """Loaded from the table, then read from the export: no line looks changed."""
    run = place.apply("--customer", "QUILLMOOR")
    assert run["items"]["created"] > 50
    other = place.other(*AS_CSV)
    plan = place.call(*other, "plan", "--customer", "QUILLMOOR", "--json").json
    assert plan["operations"] == []
    assert plan["items"] == {"unchanged": run["items"]["selected"]}
    again = place.call(*other, "apply", "--customer", "QUILLMOOR", "--json").json
    assert (again["status"], again["mutations"]) == ("NO_CHANGES", 0)
