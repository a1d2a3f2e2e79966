"""SIGINT and SIGTERM: the first one ends a run in good order, the second one at once."""

from __future__ import annotations

import json
import signal
import subprocess
import time
from collections import Counter
from collections.abc import Callable, Iterator

import pytest

from place import QUICK, Place

SIGNALS = [signal.SIGTERM, signal.SIGINT]
#: Slow enough to be met in the middle, quick enough for the cap of a call.
SLOW = {"latency_per_request": 0.2, "call_cap_seconds": QUICK["call_cap"]}
LINES, SIZES = 69, 264


@pytest.fixture
def place(places: Callable[..., Place]) -> Place:
    """A slow board, so that there is time to stop."""
    return places(emulated=SLOW)


@pytest.fixture
def under_way(place: Place) -> Iterator[subprocess.Popen[str]]:
    """An apply in the middle of its items."""
    process = place.start("apply", "--json")
    try:
        place.wait_for(lambda: place.monday.stats.mutations["create_item"] >= 20)
        yield process
    finally:
        process.kill()
        process.communicate(timeout=20)


def states(place: Place) -> Counter[str]:
    """State -> operations of the ledger."""
    query = "select state, count(*) from operation group by state"
    return Counter(dict(place.sql(query, database="ledger.db")))


def finish(place: Place) -> None:
    """Run it again: the board equals the source, everything stands once, nothing is left."""
    place.admin("settings", {"latency_per_request": 0.0})
    run = place.apply()
    assert (run["error"], run["status"]) == (None, "SUCCESS")
    board = place.board()
    assert len({item.cells["LINE KEY"] for item in board}) == len(board) == LINES
    sizes = [(item.id, size) for item in board for size, _ in item.sizes]
    assert len(set(sizes)) == len(sizes) == SIZES
    assert place.call("verify", "--json").json["verified"] is True
    assert place.call("plan", "--json").json["operations"] == []
    assert not {"pending", "sending", "failed"} & set(states(place))


def test_a_signal_while_the_board_is_read(place: Place) -> None:
    """monday asks to wait, and nothing is under way: the run ends at once, with a report."""
    place.admin("faults", {"kind": "rate_limit", "shape": "minute", "retry_after": 100})
    process = place.start("apply", "--json")
    try:
        place.wait_for(lambda: place.monday.stats.faults["rate_limit"] >= 1)
        process.send_signal(signal.SIGTERM)
        out, err = process.communicate(timeout=30)
    finally:
        process.kill()
    assert process.returncode == 1, err
    assert "stopped by SIGTERM" in json.loads(out)["error"]["message"]


@pytest.mark.parametrize("number", SIGNALS, ids=lambda number: number.name)
def test_the_first_signal_ends_the_run_in_good_order(
    place: Place, under_way: subprocess.Popen[str], number: signal.Signals
) -> None:
    """What is under way is recorded, a report is written, exit 1, and the next run finishes."""
    under_way.send_signal(number)
    out, err = under_way.communicate(timeout=30)
    assert under_way.returncode == 1, err
    run = json.loads(out)
    assert f"stopped by {number.name}" in run["error"]["message"]
    assert "run it again" in run["error"]["hint"]
    assert "Traceback" not in err
    assert run["status"] == "FAILED"
    assert 0 < run["items"]["pending"] <= run["items"]["selected"] == LINES
    assert run["stopped"] is True
    assert "The run was stopped" in (place.folder / run["report"]).read_text("utf-8")
    found = states(place)
    assert (found["sending"], found["failed"]) == (0, 0)
    made = place.monday.stats.mutations
    assert found["delivered"] == sum(made.values()) < LINES + SIZES
    assert place.call("status", "--json").json["locks"] == []
    created = made["create_item"]
    finish(place)
    assert place.monday.stats.mutations["create_item"] == LINES >= created


@pytest.mark.parametrize("number", SIGNALS, ids=lambda number: number.name)
def test_the_second_signal_ends_the_process_at_once(
    place: Place, under_way: subprocess.Popen[str], number: signal.Signals
) -> None:
    """As after a crash: what was under way is settled by the next run, and nothing stands twice."""
    place.admin("settings", {"latency_per_request": QUICK["call_cap"] - 0.1})
    seen = place.monday.stats.mutations["create_item"]
    place.wait_for(lambda: states(place)["sending"] > 0)
    under_way.send_signal(number)
    under_way.send_signal(number)
    for _ in range(3_000):
        if under_way.poll() is not None:
            break
        time.sleep(0.01)
        under_way.send_signal(number)
    assert under_way.returncode == -number
    assert seen < LINES
    time.sleep(QUICK["lock_stale"] + 0.2)
    finish(place)


@pytest.mark.parametrize("number", SIGNALS, ids=lambda number: number.name)
def test_a_signal_before_anything_is_sent(place: Place, number: signal.Signals) -> None:
    """While the boards are read, nothing is under way: the run ends, and has sent nothing."""
    process = place.start("apply", "--json")
    place.wait_for(lambda: place.monday.stats.queries >= 1)
    process.send_signal(number)
    out, err = process.communicate(timeout=30)
    assert process.returncode == 1, err
    assert f"stopped by {number.name}" in json.loads(out)["error"]["message"]
    assert place.mutations() == 0
    assert states(place) == {}
    finish(place)
