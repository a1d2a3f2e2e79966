"""Killed at 25 random moments amid trouble and change, then run to the end: nothing is twice."""

from __future__ import annotations

import json
import os
import random
import signal
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import pytest
from killing import STALE, TOO_LATE, TROUBLE, Kill, Moment, PortedPlace, kill, moments, ported_place
from order_lines import Orders

from place import QUICK, counted

pytestmark = [
    pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="no SIGKILL on this system"),
    # Some 35 processes: a busy machine takes its time.
    pytest.mark.timeout(900),
]

KILLS, LINES = 25, 32
#: Chooses moments and changes; what goes wrong on the board, and when, is never the same again.
SEED = "KILLS_SEED"
#: Runs that may come to their end before one moment.
TRIES = 5
#: Runs within which everything is settled.
RUNS_TO_THE_END = 5
#: In the last run amid trouble: what it sends again comes a second time.
COPIES = {"kind": "late", "seconds": TOO_LATE, "operation": "create_subitem"}
UNDER_WAY = "select count(*) from request where settled is null"


@dataclass(kw_only=True)
class Story:
    """A place, its source, and what happened to them."""

    seed: int
    place: PortedPlace
    orders: Orders
    kills: list[Kill] = field(default_factory=list)
    #: Status of the runs that were left to end.
    statuses: list[str] = field(default_factory=list)

    def __str__(self) -> str:
        return "\n".join([f"{SEED}={self.seed}", *map(str, self.kills), str(self.statuses)])


@pytest.fixture(scope="module")
def story(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Story]:
    """25 kills, a change of the source before each, and then runs until nothing is left to do."""
    seed = int(os.environ.get(SEED) or random.randrange(10**6))
    rng = random.Random(seed)
    with ported_place(tmp_path_factory.mktemp("kills")) as place:
        story = Story(seed=seed, place=place, orders=Orders(place.source, rng, lines=LINES))
        try:
            place.trouble()
            for moment in moments(rng, KILLS):
                story.kills.append(be_killed(story, moment))
            to_the_end(story)
        except BaseException as exc:
            exc.add_note(str(story))
            raise
        yield story


@pytest.fixture(autouse=True)
def _replay(story: Story) -> None:
    """Beside any failure stands the seed, with what was made of it."""
    print(story)


def be_killed(story: Story, moment: Moment) -> Kill:
    """A sync that ends before its moment gets more to do, and is started again."""
    for _ in range(TRIES):
        story.orders.change()
        if killed := kill(story.place, moment):
            return killed
    raise AssertionError(f"{TRIES} times it was at its end before {moment}")


def to_the_end(story: Story) -> None:
    """Left alone: once more amid trouble, and then until there is nothing to do."""
    place = story.place
    story.orders.change()
    place.admin("faults", COPIES)
    story.statuses.append(left_alone(place))
    place.calm()
    # What is still under way arrives, and the next run meets it.
    time.sleep(TOO_LATE)
    while story.statuses[-1] != "NO_CHANGES":
        assert len(story.statuses) < RUNS_TO_THE_END, "there is always something to do"
        story.statuses.append(left_alone(place))


def left_alone(place: PortedPlace) -> str:
    """Status of a sync that comes to its end."""
    run = counted(place.run("sync", "--json").json)
    assert (run["error"], run["items"]["failed"]) == (None, 0)
    return str(run["status"])


def check(story: Story) -> None:
    """The board is the source, by the test's own reckoning and by the program's."""
    place, orders = story.place, story.orders
    assert orders.faults(place.board()) == []
    verified = place.call("verify", "--json").json
    assert verified == {"compared": len(orders.lines), "verified": True, "differences": []}
    assert place.call("plan", "--json").json["operations"] == []


def made(place: PortedPlace) -> Counter[str]:
    """Items, subitems and groups that the board was ever asked to make."""
    kinds = ("create_item", "create_subitem", "create_group")
    mutations = place.admin("stats")["mutations"]
    return Counter({kind: mutations[kind] for kind in kinds})


@contextmanager
def nothing_is_made(place: PortedPlace) -> Iterator[None]:
    """The same items stand there before and after, and nobody asked for more."""
    ids, before = {item.id for item in place.board()}, made(place)
    yield
    assert made(place) == before
    assert {item.id for item in place.board()} == ids


def forget(place: PortedPlace) -> None:
    """Delete the ledger with what SQLite keeps beside it."""
    for path in place.folder.glob("ledger.db*"):
        path.unlink()


def test_the_kills_fell_everywhere(story: Story) -> None:
    """Processes at work died before they sent, with requests under way, and amid old doubts."""
    assert len(story.kills) == KILLS
    assert sum(kill.in_flight > 0 for kill in story.kills) >= 5
    assert sum(not kill.sent for kill in story.kills) >= 3
    assert any(kill.unknown and not kill.sent for kill in story.kills)


def test_there_was_trouble(story: Story) -> None:
    """Every kind of it struck: lost, late and wrong answers, errors, throttling."""
    struck = Counter(story.place.admin("stats")["faults"])
    assert set(struck) == {rule["kind"] for rule in TROUBLE}
    assert struck.total() >= 15, struck


def test_the_board_is_the_source(story: Story) -> None:
    """Every line and every size stands once with its values, every group once; verify agrees."""
    check(story)
    groups = Counter(group["title"] for group in story.place.groups())
    assert max(groups.values()) == 1, groups


def test_nothing_is_left_open(story: Story) -> None:
    """No operation waits, and of every run stands how it ended: the killed ones failed."""
    states = dict(story.place.ask("select state, count(*) from operation group by state"))
    assert set(states) == {"delivered", "superseded"}, states
    runs = dict(story.place.ask("select status, count(*) from run group by status"))
    assert runs["FAILED"] == KILLS, runs
    assert "RUNNING" not in runs, runs


def test_a_lost_ledger_fills_nothing_twice(story: Story) -> None:
    """Without its ledger the next run takes over what stands on the board, and sends nothing."""
    with nothing_is_made(story.place):
        forget(story.place)
        story.place.call("deploy")
        run = story.place.run("sync", "--json").json
    assert run["mutations"] == 0
    assert run["items"]["unchanged"] == run["items"]["selected"] == len(story.orders.lines)
    assert run["subitems"]["unchanged"] == run["subitems"]["selected"]
    check(story)


def test_a_restored_ledger_fills_nothing_twice(story: Story) -> None:
    """A ledger from before the last run learns what that run did."""
    place = story.place
    kept = {path: path.read_bytes() for path in place.folder.glob("ledger.db*")}
    story.orders.change()
    last = place.run("sync", "--json").json
    assert (last["items"]["created"], last["items"]["failed"]) == (1, 0)
    with nothing_is_made(place):
        forget(place)
        for path, content in kept.items():
            path.write_bytes(content)
        run = place.run("sync", "--json").json
    assert (run["items"]["created"], run["subitems"]["created"]) == (0, 0)
    check(story)


def test_a_second_sync_is_refused_while_one_runs(story: Story) -> None:
    """One writing process per board: the other one says who holds it, and sends nothing."""
    place = story.place
    story.orders.change()
    patient = place.other((f"lock_stale = {STALE}", "lock_stale = 60.0"))
    slow = {"kind": "slow", "seconds": 0.5 * QUICK["client_timeout"], "count": None}
    # The first one gets its answers late, for its items and then for its sizes.
    place.admin("faults", [{**slow, "operation": f"create_{what}"} for what in ("item", "subitem")])
    process = place.start(*patient, "sync", "--json")
    try:
        place.wait_for(lambda: place.ask(UNDER_WAY) != [(0,)])
        ended = place.call(*patient, "sync", code=1)
    finally:
        out, err = process.communicate(timeout=120)
        place.calm()
    assert process.returncode == 0, err
    for words in (f"process {process.pid}", "is being written by", "wait for it"):
        assert words in ended.err
    assert json.loads(out)["items"]["created"] == 1
    check(story)
