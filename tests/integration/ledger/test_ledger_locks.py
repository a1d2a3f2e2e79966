"""One applying process per board."""

from __future__ import annotations

import datetime as dt
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing

import pytest
from books import BOARD, HELD, Books, group, line, of_item, planned, whole
from sqlalchemy import update

from customer_orders.errors import LockHeld, LockLost
from customer_orders.ledger import Ledger, claiming, engines, locks, rechecks, recording, runs
from customer_orders.ledger.results import Done
from customer_orders.ledger.schema import lock, run
from customer_orders.plan import Filters


def test_a_free_board_is_taken(books: Books):
    """The first token is 1, and the row says who has it, in which run and when."""
    held = locks.acquire(books.ledger, BOARD, "a", "r1", 60)
    assert (held.token, held.taken_over) == (1, 0.0)
    (row,) = books.rows(lock)
    assert (row.holder, row.run_id, row.heartbeat, row.held) == ("a", "r1", books.now, True)


def test_a_held_board_is_refused_with_holder_and_time(books: Books):
    """The message names who holds it, its run and when it was last seen; nothing changes."""
    locks.acquire(books.ledger, BOARD, "night shift process 7", "r1", 60)
    seen = f"{dt.datetime.fromtimestamp(books.now, dt.UTC):%Y-%m-%d %H:%M:%S} UTC"
    before = books.rows(lock)
    books.now += 59
    with pytest.raises(LockHeld, match="night shift process 7") as caught:
        locks.acquire(books.ledger, BOARD, "b", "r2", 60)
    assert "run r1" in caught.value.message
    assert seen in caught.value.message
    assert "60 s" in caught.value.hint
    assert books.rows(lock) == before


def test_another_board_is_free(books: Books):
    """Locks are per board."""
    locks.acquire(books.ledger, BOARD, "a", "r1", 60)
    assert locks.acquire(books.ledger, "11", "b", "r2", 60).token == 1


def test_a_heartbeat_keeps_the_board(books: Books):
    """As long as the holder beats, nobody takes over."""
    held = locks.acquire(books.ledger, BOARD, "a", "r1", 60)
    for _ in range(5):
        books.now += 50
        locks.beat(books.ledger, held)
        with pytest.raises(LockHeld):
            locks.acquire(books.ledger, BOARD, "b", "r2", 60)


def test_a_stale_lock_is_taken_over(books: Books):
    """Without a heartbeat for `stale` seconds: a greater token, and the moment of the takeover."""
    old = locks.acquire(books.ledger, BOARD, "a", "r1", 60)
    books.now += 60
    new = locks.acquire(books.ledger, BOARD, "b", "r2", 60)
    assert new.token > old.token
    assert new.taken_over == books.now
    with pytest.raises(LockLost, match="taken over"):
        locks.beat(books.ledger, old)
    locks.release(books.ledger, old)
    (row,) = books.rows(lock)
    assert (row.holder, row.held) == ("b", True)


def test_a_heartbeat_from_the_future_is_stale(books: Books):
    """The holder's clock was ahead and was put right since; a second more or less is none of it."""
    locks.acquire(books.ledger, BOARD, "a", "r1", 60)
    books.now -= 30
    with pytest.raises(LockHeld):
        locks.acquire(books.ledger, BOARD, "b", "r2", 60)
    books.now -= 86_400
    assert locks.acquire(books.ledger, BOARD, "b", "r2", 60).taken_over == books.now


def test_a_released_board_is_free_at_once(books: Books):
    """Nobody was cut off: the next holder need not wait from now on."""
    old = locks.acquire(books.ledger, BOARD, "a", "r1", 60)
    locks.release(books.ledger, old)
    new = locks.acquire(books.ledger, BOARD, "b", "r2", 60)
    assert (new.token, new.taken_over) == (old.token + 1, 0.0)
    with pytest.raises(LockLost):
        locks.beat(books.ledger, old)


@pytest.mark.parametrize("released", [False, True], ids=["taken over", "released"])
def test_who_lost_the_board_changes_nothing_more(books: Books, released: bool):
    """Record, mark, replay and re-check of the old holder raise LockLost, and leave no trace."""
    run_id, held = books.run(planned([line("a"), line("b")], [group(), *whole("a"), of_item("b")]))
    stored = books.take(run_id, held)
    if released:
        locks.release(books.ledger, held)
    else:
        locks.acquire(books.ledger, BOARD, "other", "r2", 0)
    before = books.everything()
    done = {stored.operations[0].id: Done(monday_id="g1")}
    steps = (
        lambda: recording.record(books.ledger, held, stored, done, {}),
        lambda: recording.mark_unknown(books.ledger, held, stored, "cut off", 60),
        lambda: claiming.take_again(books.ledger, held, stored),
        lambda: rechecks.rechecked(books.ledger, held, [], books.now, [], []),
    )
    for step in steps:
        with pytest.raises(LockLost, match="not ours to change"):
            step()
        assert books.everything() == before


def test_who_lost_the_board_claims_nothing(books: Books):
    """The claim of an operation that is ready checks the token too."""
    run_id, held = books.run(planned([line("a")], [group()]))
    locks.acquire(books.ledger, BOARD, "other", "r2", 0)
    before = books.everything()
    with pytest.raises(LockLost):
        books.take(run_id, held)
    assert books.everything() == before


def test_who_lost_the_board_stages_nothing(books: Books):
    """A plan made before the takeover must not retire what the new holder has staged."""
    slow, _ = books.run()
    books.run(planned([line("a")], [group(), *whole("a")]))
    before = books.everything()
    with pytest.raises(LockLost, match=BOARD):
        runs.stage(books.ledger, slow, planned([line("a")], [group(), *whole("a")]))
    assert books.everything() == before


def test_of_two_takers_one_gets_the_board(books: Books):
    """Both saw the dead holder's lock; whoever comes second sees that it was taken."""
    books.run()
    books.now += 100
    with ThreadPoolExecutor(1) as other:
        with books.ledger.transaction() as connection:
            taken = {"holder": "first", "token": lock.c.token + 1, "heartbeat": books.now}
            connection.execute(update(lock).values(taken))
            second = other.submit(locks.acquire, books.ledger, BOARD, "second", "r3", 60)
            time.sleep(0.3)
        with pytest.raises(LockHeld):
            second.result()
    assert [row.token for row in books.rows(lock)] == [2]


@pytest.mark.parametrize(
    "changed", [{"heartbeat": 100.0}, {"token": 1}], ids=["it woke up", "it was given back since"]
)
def test_a_lock_that_is_not_as_it_was_seen(books: Books, changed: dict[str, float]):
    """Its holder beats again, or others had it meanwhile: who saw it before does not get it."""
    books.run()
    (seen,) = books.rows(lock)
    values = {"holder": "late", "token": seen.token + 1, "heartbeat": books.now + 200}
    with books.ledger.transaction() as connection:
        new = {name: getattr(seen, name) + more for name, more in changed.items()}
        connection.execute(update(lock).values(new))
        assert locks._take_over(connection, seen, values) is False


def test_a_plan_is_staged_before_the_board_is_taken(books: Books, monkeypatch: pytest.MonkeyPatch):
    """The lock's row is kept from the first statement of staging to its commit."""
    run_id, _ = books.run()
    with ThreadPoolExecutor(1) as other:
        takers = []

        def in_between(*_: object) -> None:
            takers.append(other.submit(locks.acquire, books.ledger, BOARD, "second", "r3", 0))
            time.sleep(0.3)
            assert not takers[0].done()

        monkeypatch.setattr(runs, "_write_reading", in_between)
        runs.stage(books.ledger, run_id, planned([line("a")], whole("a")))
        assert takers[0].result().token == 2


def test_a_takeover_waits_for_what_is_being_recorded(books: Books):
    """A claim that was begun under the lock is committed before the lock is another's."""
    _, held = books.run()
    with ThreadPoolExecutor(1) as other:
        with locks.guarded(books.ledger, held):
            second = other.submit(locks.acquire, books.ledger, BOARD, "second", "r3", 0)
            time.sleep(0.3)
            assert not second.done()
        assert second.result().token == held.token + 1


def test_the_clock_of_the_server_decides(
    engine: str, books: Books, monkeypatch: pytest.MonkeyPatch
):
    """Two machines an hour apart agree on when a lock was seen last."""
    if engine == "sqlite":
        pytest.skip("a file has no clock of its own")
    url = books.ledger._url.render_as_string(hide_password=False)
    with closing(Ledger(url)) as ours:
        locks.acquire(ours, BOARD, "a", "r1", 60)
        now = time.time()
        monkeypatch.setattr(engines.time, "time", lambda: now + 3_600)
        with closing(Ledger(url)) as theirs:
            with pytest.raises(LockHeld):
                locks.acquire(theirs, BOARD, "b", "r2", 60)
            assert theirs.clock() == pytest.approx(now, abs=60)
            ahead = locks.acquire(theirs, "77", "b", "r2", 60)
            locks.beat(theirs, ahead)
    assert [row.heartbeat for row in books.rows(lock, board="77")] == [pytest.approx(now, abs=60)]


def test_the_holder_is_told_as_given(books: Books):
    """What `holding` writes there is what a refusal shows."""
    books.run()
    with pytest.raises(LockHeld, match=HELD["holder"]):
        locks.acquire(books.ledger, BOARD, "b", "r2", HELD["stale"])


def test_runs_of_dead_processes_are_closed(books: Books):
    """Whoever takes a board says of the runs that were cut off that they failed."""
    dead, _ = books.run()
    elsewhere = runs.open_run(books.ledger, Filters())
    locks.acquire(books.ledger, "77", "another board", elsewhere, 60)
    books.now += 50
    young = runs.open_run(books.ledger, Filters())
    books.now += 9
    fresh = runs.open_run(books.ledger, Filters())
    with pytest.raises(LockHeld):
        locks.acquire(books.ledger, BOARD, "c", fresh, 60)
    assert {row.status for row in books.rows(run)} == {"RUNNING"}
    books.now += 1
    with books.ledger.transaction() as connection:
        connection.execute(update(lock).where(lock.c.board == "77").values(heartbeat=books.now))
    locks.acquire(books.ledger, BOARD, "c", fresh, 60)
    found = {row.id: (row.status, row.ended) for row in books.rows(run)}
    assert found == {
        dead: ("FAILED", books.now),
        elsewhere: ("RUNNING", None),
        young: ("RUNNING", None),
        fresh: ("RUNNING", None),
    }
    (row,) = books.rows(run, id=dead)
    assert row.error == "broken off: its process is gone"
