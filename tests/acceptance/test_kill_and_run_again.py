"""Killed anywhere and run again: the same end, and nothing twice."""

from __future__ import annotations

import json
import signal
import time
from collections import Counter
from collections.abc import Callable, Iterator

import pytest

from customer_orders.demo.changes import change
from place import QUICK, Place

SLOW = {"latency_per_request": 0.08, "call_cap_seconds": QUICK["call_cap"]}


@pytest.fixture(scope="module")
def place(places: Callable[..., Place]) -> Place:
    """A slow board, so that there is time to kill."""
    return places(emulated=SLOW)


def seen(place: Place, mutation: str, number: int) -> Callable[[], bool]:
    """Whether the board has seen that many mutations of a kind."""
    return lambda: place.monday.stats.mutations[mutation] >= number


def kill(place: Place, when: Callable[[], bool]) -> None:
    """Start an apply, kill it at a moment, and wait until its lock is stale."""
    process = place.start("apply", "--json")
    try:
        place.wait_for(when)
    finally:
        process.send_signal(signal.SIGKILL)
        process.communicate(timeout=20)
    assert process.returncode == -signal.SIGKILL, "it ended before it was killed"
    time.sleep(QUICK["lock_stale"] + 0.2)


def check_board(place: Place, items: int, subitems: int) -> None:
    """Every line once, every size once, and verify agrees."""
    board = place.board()
    assert len({item.cells["LINE KEY"] for item in board}) == len(board) == items
    for item in board:
        assert max(Counter(size for size, _ in item.sizes).values(), default=1) == 1
    assert sum(len(item.sizes) for item in board) == subitems
    assert place.call("verify", "--json").json["verified"] is True


def test_killed_at_several_moments(place: Place) -> None:
    """While staging, after the group, among the items and among the subitems; then to the end."""
    kill(place, seen(place, "create_group", 1))
    kill(place, seen(place, "create_item", 25))
    kill(place, seen(place, "create_subitem", 60))
    run = place.apply()
    assert run["error"] is None
    assert run["status"] == "SUCCESS"
    check_board(place, 69, 264)
    assert place.apply()["status"] == "NO_CHANGES"
    assert place.monday.stats.mutations["create_group"] == 1
    still_open = "select count(*) from operation where state in ('pending', 'sending')"
    assert place.sql(still_open, database="ledger.db") == [(0,)]


def test_no_killed_run_is_left_open(place: Place) -> None:
    """The list of runs says of each how it ended."""
    statuses = Counter(run["status"] for run in place.call("runs", "--json").json)
    assert statuses["SUCCESS"] == 1
    assert statuses["RUNNING"] == 0


def test_a_second_apply_is_refused_while_one_runs(place: Place) -> None:
    """One applying process per board: the other one says who holds it, and sends nothing."""
    place.sql("update ORDERS_UNIFIED set NOTES = 'again' where rowid % 4 = 0")
    one_by_one = place.other(('plan = "enterprise"', "aliases = 1\nin_flight = 1"))
    process = place.start(*one_by_one, "apply", "--json")
    try:
        place.wait_for(lambda: bool(place.call("status", "--json").json["locks"]))
        ended = place.call("apply", code=1)
    finally:
        out, err = process.communicate(timeout=60)
    assert process.returncode == 0, err
    assert f"process {process.pid}" in ended.err
    assert "is being written by" in ended.err
    assert "wait for it" in ended.err
    assert json.loads(out)["items"]["updated"] == 17


@pytest.fixture
def quick(place: Place) -> Iterator[Place]:
    """The same board without its slowness."""
    place.admin("settings", {"latency_per_request": 0.0})
    yield place
    place.admin("settings", {"latency_per_request": SLOW["latency_per_request"]})


def forget(place: Place) -> None:
    """Delete the ledger's files."""
    for path in place.folder.glob("ledger.db*"):
        path.unlink()


def test_a_lost_ledger_fills_nothing_twice(quick: Place) -> None:
    """Without its ledger the next run takes over what stands on the board."""
    forget(quick)
    quick.call("deploy")
    run = quick.apply()
    assert (run["items"]["created"], run["subitems"]["created"], run["mutations"]) == (0, 0, 0)
    assert run["items"]["unchanged"] == 69
    assert run["subitems"]["unchanged"] == 264
    assert quick.call("plan", "--json").json["operations"] == []
    check_board(quick, 69, 264)


def test_a_restored_ledger_fills_nothing_twice(quick: Place) -> None:
    """A ledger from before the last run learns what that run did."""
    before = quick.ledger.read_bytes()
    change(quick.source)
    assert quick.apply()["items"]["created"] == 1
    forget(quick)
    quick.ledger.write_bytes(before)
    run = quick.apply()
    assert (run["items"]["created"], run["subitems"]["created"]) == (0, 0)
    assert quick.call("plan", "--json").json["operations"] == []
    check_board(quick, 70, 269)
