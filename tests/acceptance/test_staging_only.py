"""Staging only: everything is planned and written down, and nothing is sent."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest

from place import Place, counted


@pytest.fixture(scope="module")
def place(places: Callable[..., Place]) -> Place:
    """PO 4755 in the source, an empty board, an empty ledger."""
    return places()


@pytest.fixture(scope="module")
def staged(place: Place) -> dict[str, Any]:
    """The run of `apply --stage-only`."""
    run: dict[str, Any] = place.run("apply", "--stage-only", "--json").json
    return counted(run)


def test_69_items_and_264_subitems_are_staged(place: Place, staged: dict[str, Any]) -> None:
    """One pending operation each, and one for the group; the run counts them as pending."""
    rows = place.sql("select kind, action, state from operation", database="ledger.db")
    assert Counter(rows) == {
        ("group", "ensure_group", "pending"): 1,
        ("item", "create", "pending"): 69,
        ("subitem", "create", "pending"): 264,
    }
    assert staged["staged_only"] is True
    assert staged["items"]["pending"] == staged["items"]["selected"] == 69
    assert staged["subitems"]["pending"] == staged["subitems"]["selected"] == 264
    assert (staged["mutations"], staged["groups"]["created"]) == (0, 0)


def test_nothing_was_sent(place: Place, staged: dict[str, Any]) -> None:
    """The board saw reads only, and the snapshot knows of no delivered line."""
    stats = place.admin("stats")
    assert stats["calls"] > 0
    assert stats["mutations"] == {}
    assert place.board() == []
    for table in ("orders_unified_snapshot", "item", "subitem", "request"):
        assert place.sql(f"select count(*) from {table}", database="ledger.db") == [(0,)], table
    assert staged["api_calls"] == stats["calls"]


def test_the_same_is_planned_again(place: Place, staged: dict[str, Any]) -> None:
    """A plan after staging is the plan that was staged."""
    document = place.call("plan", "--json").json
    assert document["checksum"] == staged["checksum"]
    assert len(document["operations"]) == 334


def test_the_next_apply_sends_it_all(place: Place, staged: dict[str, Any]) -> None:
    """What was staged is superseded by the same plan, and that one is delivered."""
    run = place.apply("--expect", staged["checksum"])
    assert (run["items"]["created"], run["subitems"]["created"]) == (69, 264)
    assert run["mutations"] == 334
    states = place.sql("select state, count(*) from operation group by 1", database="ledger.db")
    assert dict(states) == {"superseded": 334, "delivered": 334}
    assert len(place.board()) == 69
    assert place.apply()["status"] == "NO_CHANGES"
