"""The whole way of changed lines, from detection to promotion, counted at every stage."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from pathlib import Path

import graphql
import pytest

from customer_orders.demo.changes import CHANGES
from place import Place, Shown, change_sample

PUBLISHED = Path(__file__).parents[3] / "shared" / "monday" / "schema-2026-10.graphql"


@pytest.fixture(scope="module")
def place(places: Callable[..., Place]) -> Place:
    """A place of its own; the tests of this module go through it in order."""
    return places()


def in_source(place: Place) -> int:
    """Lines in the source, the blank row left out."""
    blank = "trim(coalesce(\"AAG ORDER NUMBER\", '')) = ''"
    (row,) = place.sql(f"select count(*) from ORDERS_UNIFIED where not ({blank})")
    return int(row[0])


def staged(place: Place, run_id: str) -> Counter[tuple[str, str]]:
    """Operations of a run by kind and state."""
    rows = place.sql(
        "select kind, state from operation where run_id = ?", run_id, database="ledger.db"
    )
    return Counter(rows)


def promoted(place: Place) -> int:
    """Snapshot rows whose item and sizes were all delivered."""
    (row,) = place.sql(
        "select count(*) from orders_unified_snapshot where row_hash is not null",
        database="ledger.db",
    )
    return int(row[0])


def on_board(place: Place) -> tuple[int, int]:
    """Items and subitems."""
    items = place.board()
    return len(items), sum(len(item.sizes) for item in items)


def test_detected(place: Place) -> None:
    """69 lines in the source; the plan makes them all; nothing is promoted yet."""
    assert in_source(place) == 69
    plan = place.call("plan", "--json").json
    assert plan["items"] == {"created": 69, "unchanged": 0}
    assert plan["counts"] == {"create item": 69, "create subitem": 264, "ensure_group group": 1}
    assert plan["dropped"] == 1
    assert (on_board(place), promoted(place)) == ((0, 0), 0)


def test_staged(place: Place) -> None:
    """All of it is written down before anything is sent."""
    run = place.apply("--stage-only")
    assert staged(place, run["id"]) == {
        ("group", "pending"): 1,
        ("item", "pending"): 69,
        ("subitem", "pending"): 264,
    }
    assert (on_board(place), promoted(place)) == ((0, 0), 0)


def test_delivered_and_promoted(place: Place) -> None:
    """All of it is on the board, and every line is in the snapshot with its hash."""
    run = place.apply()
    assert staged(place, run["id"]) == {
        ("group", "delivered"): 1,
        ("item", "delivered"): 69,
        ("subitem", "delivered"): 264,
    }
    assert on_board(place) == (69, 264)
    assert promoted(place) == 69
    for table, rows in (("item", 69), ("subitem", 264)):
        assert place.sql(f"select count(*) from {table}", database="ledger.db") == [(rows,)]


def test_changes_are_detected_line_by_line(place: Place) -> None:
    """Six edits of the source: the plan holds the five changed lines and the new one."""
    change_sample(place.source)
    assert in_source(place) == 70
    plan = place.call("plan", "--json").json
    assert plan["items"] == {"created": 1, "updated": 5, "unchanged": 64}
    assert plan["counts"] == {
        "create item": 1,
        "create subitem": 5,
        "update item": 5,
        "update subitem": 1,
        "zero subitem": 6,
    }
    assert promoted(place) == 69


def test_changes_are_staged_with_what_stood_there_before(place: Place) -> None:
    """The staged updates hold old and new values; the snapshot still shows the last delivery."""
    run = place.apply("--stage-only")
    assert staged(place, run["id"]) == {("item", "pending"): 6, ("subitem", "pending"): 12}
    story = place.call("show", run["id"], "--json").json
    updates = [o for o in story["operations"] if o["action"] == "update" and o["kind"] == "item"]
    for operation in updates:
        before, after = operation["before"]["values"], operation["payload"]["values"]
        assert before.keys() == after.keys()
        assert all(before[title] != after[title] for title in after)
    assert (on_board(place), promoted(place)) == ((69, 264), 69)


def test_changes_are_delivered_and_promoted(place: Place) -> None:
    """Only what changed is touched: the other items are as they were, to the value."""
    before = {item.id: item for item in place.board()}
    sent = place.mutations()
    run = place.apply()
    assert run["items"] | {"created": 1, "updated": 5, "unchanged": 64} == run["items"]
    assert run["subitems"] | {"created": 5, "updated": 7, "unchanged": 257} == run["subitems"]
    assert place.mutations() - sent == run["mutations"] == 18
    assert staged(place, run["id"]) == {("item", "delivered"): 6, ("subitem", "delivered"): 12}
    assert on_board(place) == (70, 269)
    assert promoted(place) == 70
    after = {item.id: item for item in place.board()}
    changed = {
        item.cells["AAG ORDER NUMBER"]: different(before[number], item)
        for number, item in after.items()
        if number in before and different(before[number], item)
    }
    wanted = {edit.line: set(edit.item_columns) for edit in CHANGES if edit.item_columns}
    assert changed == wanted


def different(before: Shown, after: Shown) -> set[str]:
    """Titles of the cells that differ, those that follow from subitems left out."""
    derived = {"Subitems", "Last updated"}
    return {t for t in after.cells if after.cells[t] != before.cells[t]} - derived


def test_cancelled_keeps_its_subitems_at_zero(place: Place) -> None:
    """A cancelled line keeps item and sizes, for the history of production."""
    (item,) = (i for i in place.board() if i.cells["AAG ORDER NUMBER"] == "GRE-04272")
    assert (item.cells["ORDER TYPE"], item.cells["ORDER QTY"]) == ("CANCELLED", "0")
    assert [quantity for _, quantity in item.sizes] == ["0"] * 5


def test_back_to_no_changes(place: Place) -> None:
    """The next plan is empty, the run says so, and verify finds nothing."""
    sent = place.mutations()
    run = place.apply()
    assert run["status"] == "NO_CHANGES"
    assert run["items"]["unchanged"] == 70
    assert place.mutations() == sent
    assert place.call("verify", "--json").json["verified"] is True
    assert promoted(place) == 70


def test_what_was_sent_fits_the_published_schema(place: Place) -> None:
    """Every document that the emulator received in this module validates against monday's own."""
    if not PUBLISHED.is_file():
        pytest.skip("monday's published schema is not here")
    schema = graphql.build_schema(PUBLISHED.read_text("utf-8"), assume_valid_sdl=True)
    documents: list[str] = place.admin("stats")["documents"]
    assert any("create_subitem" in text for text in documents)
    for text in documents:
        assert graphql.validate(schema, graphql.parse(text)) == [], text
