"""The report of real runs: what was made, changed, refused and waited for, also after a failure."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from justhtml import JustHTML

from customer_orders.demo import sample
from place import Place

KEY = '"AAG ORDER NUMBER"'


@pytest.fixture(scope="module")
def place(places: Callable[..., Place]) -> Place:
    """120 lines of all customers."""
    return places(lines=sample.rows(121))


@pytest.fixture(scope="module")
def first(place: Place) -> dict[str, Any]:
    """The first load, in which a group and two sizes are refused."""
    place.admin("faults", [
        {"kind": "alias_error", "operation": "create_group", "count": 1},
        {"kind": "alias_error", "operation": "create_subitem", "count": 2, "skip": 30},
    ])  # fmt: skip
    return place.apply(code=2)


def test_what_was_made(place: Place, first: dict[str, Any]) -> None:
    """Groups as many as counted, and exactly the labels that the board has now and had not."""
    assert len(first["made"]["groups"]) == first["groups"]["created"] > 5
    made = {(x["column"], x["label"]) for x in first["made"]["labels"]}
    labels = {
        (column["title"], label["label"])
        for board in place.admin("state")["boards"]
        for column in board["columns"]
        if column["title"] in {title for title, _ in made} | {"DROP", "Size"}
        for label in column["settings"]["labels"]
    }
    assert made == labels


def test_failures_by_category(first: dict[str, Any]) -> None:
    """What monday refused, and what waited for it: lines, first orders, what to do."""
    kinds = {kind["category"]: kind for kind in first["failure_kinds"]}
    assert set(kinds) == {"data", "blocked"}
    assert kinds["data"]["operations"] == 3
    assert kinds["data"]["hint"]
    (made,) = (x["group"] for x in kinds["data"]["first"] if x["group"])
    assert kinds["data"]["lines"] == len(kinds["data"]["first"]) - 1
    assert f"group {made}" in Path(first["report"]).read_text("utf-8")
    assert kinds["blocked"]["lines"] >= 1
    assert all(line["order"] for line in kinds["blocked"]["first"])
    assert len(kinds["blocked"]["first"]) <= 5


def test_a_refused_cell_is_named(places: Callable[..., Place]) -> None:
    """The line with its cell among the failures, and again while the cell is held."""
    place = places(lines=sample.rows(12))
    columns = place.admin("state")["boards"][0]["columns"]
    (price,) = (c["id"] for c in columns if c["title"] == "CUSTOMER PRICE")
    place.admin("faults", [
        {"kind": "alias_error", "operation": "create_item", "count": 1, "column_id": price}
    ])  # fmt: skip
    for run in (place.apply(code=2), place.apply(code=2)):
        (kind,) = run["failure_kinds"]
        (first,) = kind["first"]
        assert (kind["lines"], first["cell"]) == (run["items"]["failed"], "CUSTOMER PRICE")
        page = JustHTML(Path(run["report"]).read_text("utf-8"), strict=True, sanitize=False)
        refused = page.query('table[aria-labelledby="failures"]')[0].to_text()
        assert f"{first['order']} (CUSTOMER PRICE)" in refused


def test_estimate_and_actual(first: dict[str, Any]) -> None:
    """The plan's calls, the requests that were settled, and what they delivered, agree."""
    assert first["rate"]["delivered"] == sum(x["delivered"] for x in first["rate"]["pace"])
    done = first["groups"]["created"] + first["items"]["created"] + first["subitems"]["created"]
    # Sizes of a line that failed may have been delivered: those are created too.
    assert first["rate"]["delivered"] >= done
    assert first["estimate"]["calls"] > 0
    assert first["actual"]["calls"] > 0
    assert first["estimate"]["complexity"] >= first["actual"]["complexity"] > 0
    assert first["api_calls"] > first["actual"]["calls"]


def test_findings_of_the_run(place: Place, first: dict[str, Any]) -> None:
    """All of them are new, and as many as the ledger lists."""
    found = place.call("findings", "--json").json
    assert first["findings"]["open"] == first["findings"]["new"] == len(found)
    assert sum(row["open"] for row in first["findings"]["rules"]) == len(found)


def test_held_failures_are_told_again(place: Place, first: dict[str, Any]) -> None:
    """The next run sends nothing for them, and its report still says why they failed."""
    again = place.apply(code=2)
    assert again["mutations"] == 0
    assert again["items"]["failed"] == first["items"]["failed"] > 0
    assert sum(kind["lines"] for kind in again["failure_kinds"]) >= again["items"]["failed"]
    assert again["findings"]["new"] == 0


def test_changes_before_and_after(place: Place, first: dict[str, Any]) -> None:
    """Cell by cell, by the number that people know; the same in the page."""
    assert first["changes"] == {"total": 0, "shown": []}
    statement = f'update ORDERS_UNIFIED set "CUSTOMER PRICE" = ?, M = 7 where {KEY} = ?'
    place.sql(statement, "99.50", "GRE-04261")
    run = place.apply(code=2)
    changes = {c["what"]: c for c in run["changes"]["shown"]}
    assert run["changes"]["total"] == len(changes) == 2
    price, size = changes["CUSTOMER PRICE"], changes["size M"]
    assert (price["after"], size["after"]) == ("99.5", "7")
    assert price["before"] not in (None, "99.5")
    assert (price["order"], price["state"]) == ("GRE-04261", "delivered")
    page = JustHTML(Path(run["report"]).read_text("utf-8"), strict=True, sanitize=False)
    cells = [c.to_text() for c in page.query('table[aria-labelledby="changes"] td')]
    assert "99.5" in cells
    shown = place.call("show", run["id"]).out
    assert "CUSTOMER PRICE" in shown
    assert "99.5" in shown


def test_a_run_that_fails_is_reported(place: Place, first: dict[str, Any]) -> None:
    """Three files with the error and its hint, also when nothing could be read."""
    assert first["id"]
    other = place.other(("sqlite:///source.db", "sqlite:///none.db"))
    run = place.call(*other, "apply", "--json", code=1).json
    assert run["status"] == "FAILED"
    for ending in (".html", ".md", ".json"):
        text = Path(run["report"]).with_suffix(ending).read_text("utf-8")
        assert "none.db is not there" in text
        # Markdown escapes the brackets.
        assert run["error"]["hint"] in text.replace("\\", "")
    assert json.loads(Path(run["report"]).with_suffix(".json").read_text("utf-8")) == run
