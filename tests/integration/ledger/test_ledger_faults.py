"""Faults of a server: each is a clear error or a step tried again, and no outcome is lost."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing, contextmanager, suppress

import psycopg
import pytest
from books import BOARD, Books, line, planned, start, whole
from psycopg import sql
from sqlalchemy import Connection, event, select, update

from customer_orders.errors import LedgerBusy, LedgerError
from customer_orders.ledger import Ledger, database, engines, locks, recording, runs
from customer_orders.ledger.results import Done
from customer_orders.ledger.schema import State, lock, operation, request
from customer_orders.plan import Filters
from engines import copied
from postgres import Postgres

#: Longer than any step here.
HANGING = 20


@pytest.fixture
def url(postgres_server: Postgres, deployed_postgres: str) -> Iterator[str]:
    """A ledger with its tables on a server."""
    with copied(postgres_server, deployed_postgres) as copy:
        yield copy


@pytest.fixture
def books(url: str) -> Iterator[Books]:
    """A ledger on a server."""
    with closing(Ledger(url)) as ledger:
        yield Books(ledger)


@pytest.fixture(autouse=True)
def _short_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(database, "PAUSES", (0.05, 0.05, 0.05))


@contextmanager
def cutting(books: Books, url: str, place: int, *points: str) -> Iterator[list[object]]:
    """End our connection from the server's side before the n-th statement, or commit.

    Gives the list of those that were met.
    """
    met: list[object] = []

    def meet(connection: Connection, *_: object) -> None:
        met.append(connection)
        if len(met) == place:
            pid = connection.connection.driver_connection.info.backend_pid
            with psycopg.connect(url, autocommit=True) as other:
                other.execute("select pg_terminate_backend(%s, 5000)", [pid])

    points = points or ("before_cursor_execute", "commit")
    for point in points:
        event.listen(books.ledger._engine, point, meet)
    yield met
    for point in points:
        event.remove(books.ledger._engine, point, meet)


def places(books: Books, url: str, step: Callable[[], object]) -> range:
    """The statements of a step and its commit, the commit last; by doing it once uncut."""
    with cutting(books, url, 0) as met:
        step()
    return range(1, len(met) + 1)


def test_a_connection_cut_while_an_outcome_is_stored(books: Books, url: str) -> None:
    """At any statement it is stored by another try; at the commit nobody knows."""

    def made(name: str) -> tuple[str, Callable[[], object]]:
        run_id, held = start(books, name)
        stored = books.take(run_id, held)
        return stored.id, lambda: books.record(held, stored, Done(monday_id=name))

    _, uncut = made("uncut")
    *statements, commit = places(books, url, uncut)
    assert len(statements) > 5
    for place in statements:
        request_id, step = made(f"g{place}")
        with cutting(books, url, place):
            step()
        (row,) = books.rows(request, id=request_id)
        (done,) = books.rows(operation, request_id=request_id)
        assert (done.state, row.settled) == (State.DELIVERED, books.now)
    request_id, step = made("last")
    with cutting(books, url, commit), pytest.raises(LedgerError):
        step()
    (done,) = books.rows(operation, request_id=request_id)
    assert done.state == State.SENDING


def test_a_connection_cut_while_a_plan_is_staged(books: Books, url: str) -> None:
    """The whole plan stands there once, or nothing of it."""

    def staged(name: str) -> tuple[str, Callable[[], object]]:
        run_id, _ = books.run()
        plan = planned([line(name)], whole(name))
        return run_id, lambda: runs.stage(books.ledger, run_id, plan)

    *statements, commit = places(books, url, staged("uncut")[1])
    for place in (*statements, commit):
        run_id, step = staged(f"n{place}")
        with suppress(LedgerError), cutting(books, url, place):
            step()
        assert len(books.states(run_id)) == (0 if place == commit else len(whole("n")))


def test_a_commit_that_is_cut_is_not_tried_again(books: Books, url: str) -> None:
    """Nobody knows whether it was stored: the operations stay `sending`, to be settled."""
    run_id, held = start(books, "a")
    stored = books.take(run_id, held)
    with pytest.raises(LedgerError) as caught, cutting(books, url, 1, "commit"):
        books.record(held, stored, Done(monday_id="g1"))
    assert "whether this step was stored is not known" in caught.value.hint
    assert recording.unsettled(books.ledger, BOARD)[0].id == stored.id


def test_the_victim_of_a_deadlock_tries_again(books: Books) -> None:
    """Two steps that wait for each other both end well."""
    for board in ("1", "2"):
        locks.acquire(books.ledger, board, "a", "r", 0)
    meeting = threading.Barrier(2)
    tries: list[str] = []

    @database.patient
    def step(ledger: Ledger, first: str, second: str) -> None:
        tries.append(first)
        with ledger.transaction() as connection:
            for board in (first, second):
                connection.execute(update(lock).where(lock.c.board == board).values(holder=first))
                if len(tries) <= 2 and board == first:
                    meeting.wait(HANGING)

    with ThreadPoolExecutor(2) as pool:
        done = [pool.submit(step, books.ledger, *way) for way in (("1", "2"), ("2", "1"))]
        for each in done:
            each.result(HANGING)
    assert len(tries) == 3
    assert len({row.holder for row in books.rows(lock)}) == 1


def test_a_lock_that_is_never_given_back(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """After some tries the step says so, and nothing of it was stored."""
    monkeypatch.setattr(engines, "BUSY_TIMEOUT", 0.05)
    with closing(Ledger(url)) as ledger:
        held = locks.acquire(ledger, BOARD, "a", "r", 0)
        with ledger.transaction() as connection:
            connection.execute(select(lock).with_for_update())
            with pytest.raises(LedgerBusy, match="lock timeout") as caught:
                locks.beat(ledger, held)
    assert "nothing of this step was stored; another process holds" in caught.value.hint


def test_no_connection_is_left(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A pool that is used up is an error of ours too."""
    monkeypatch.setattr(engines, "BUSY_TIMEOUT", 0.05)
    with closing(Ledger(url)) as ledger, ExitStack() as stack:
        pool = ledger._engine.pool
        for _ in range(pool.size() + pool._max_overflow):  # type: ignore[attr-defined]
            stack.enter_context(ledger.transaction())
        with pytest.raises(LedgerBusy, match="QueuePool limit"):
            stack.enter_context(ledger.transaction())


def statement_timeout(cursor: psycopg.Connection) -> None:
    name = sql.Identifier(cursor.info.dbname)
    cursor.execute(sql.SQL("alter database {} set statement_timeout = 1").format(name))
    slow = "create function slow() returns trigger as 'begin perform pg_sleep(1); return new; end'"
    cursor.execute(f"{slow} language plpgsql")
    cursor.execute(TRIGGER.format("slow"))


def disk_full(cursor: psycopg.Connection) -> None:
    body = "begin raise exception ''no space left on device'' using errcode = ''53100''; end"
    cursor.execute(f"create function full_() returns trigger as '{body}' language plpgsql")
    cursor.execute(TRIGGER.format("full_"))


def replica(cursor: psycopg.Connection) -> None:
    name = sql.Identifier(cursor.info.dbname)
    read_only = "alter database {} set default_transaction_read_only = on"
    cursor.execute(sql.SQL(read_only).format(name))


TRIGGER = (
    "create trigger trouble before insert on customer_orders.run for each row execute function {}()"
)


@pytest.mark.parametrize(
    ("fault", "hint"),
    [
        (statement_timeout, "statement_timeout"),
        (disk_full, "make room on the disk"),
        (replica, "may only be read"),
    ],
)
def test_what_waiting_does_not_mend(
    url: str, fault: Callable[[psycopg.Connection], None], hint: str
) -> None:
    """The server's words, what mends it, and nothing is stored."""
    with psycopg.connect(url, autocommit=True) as connection:
        fault(connection)
    with closing(Ledger(url)) as ledger:
        with pytest.raises(LedgerError) as caught:
            runs.open_run(ledger, Filters())
        assert not isinstance(caught.value, LedgerBusy)
        assert hint in caught.value.hint
        assert "nothing of this step was stored" in caught.value.hint


@pytest.mark.parametrize(
    ("change", "hint"),
    [
        (("canary-of-the-tests@", "wrong-canary@"), "user, password"),
        (("/db", "/absent-db"), "check that the database is up"),
        (("//owner:canary-of-the-tests@", "//canary:canary@"), "user, password"),
    ],
)
def test_what_cannot_be_opened(url: str, change: tuple[str, str], hint: str) -> None:
    """Login, database and TLS: an error of ours without the password."""
    with closing(Ledger(url.replace(*change))) as ledger, pytest.raises(LedgerError) as caught:
        ledger.require()
    assert hint in caught.value.hint
    assert "canary-" not in str(caught.value)


def test_a_server_without_tls(url: str) -> None:
    """Where the URL asks for TLS, nothing is sent without it."""
    with (
        closing(Ledger(f"{url}?sslmode=verify-full&sslrootcert=system")) as ledger,
        pytest.raises(LedgerError, match="does not support SSL") as caught,
    ):
        ledger.require()
    assert "TLS" in caught.value.hint
