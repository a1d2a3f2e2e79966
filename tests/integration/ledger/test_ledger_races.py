"""Two processes at the same moment: nothing is counted away, and no step fails for the other."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

from books import Books, planned

from customer_orders.errors import LockHeld
from customer_orders.ledger import accounts, locks, reading, runs
from customer_orders.ledger.accounts import Known
from customer_orders.model import Finding, Severity
from customer_orders.plan import Filters

ROUNDS = 8


def at_once(*steps: Callable[[], object]) -> list[BaseException | None]:
    """Do the steps in a thread each; what each of them raised."""
    with ThreadPoolExecutor(len(steps)) as pool:
        return [done.exception() for done in [pool.submit(step) for step in steps]]


def test_calls_of_two_processes_are_added(books: Books) -> None:
    """Each adds its own, also when both make the row of the day."""

    def count() -> None:
        for _ in range(ROUNDS):
            accounts.keep(books.ledger, "1", "2026-11-28", Known(calls=1.0, prices={"a": 2.0}))

    assert at_once(count, count) == [None, None]
    assert accounts.known(books.ledger, "1", "2026-11-28").calls == 2 * ROUNDS


def test_a_board_that_nobody_had_before(books: Books) -> None:
    """One gets it, and the other is told who has it."""
    for number in range(ROUNDS):
        raised = at_once(
            lambda: locks.acquire(books.ledger, f"b{number}", "one", "r1", 60),  # noqa: B023
            lambda: locks.acquire(books.ledger, f"b{number}", "other", "r2", 60),  # noqa: B023
        )
        assert [type(exc) for exc in raised if exc] == [LockHeld]


def test_runs_on_two_boards_find_the_same(books: Books) -> None:
    """Both plans are staged, and the remark about a row is there once."""
    for number in range(ROUNDS):
        found = Finding(rule="season", message=f"row {number}", severity=Severity.INFO, row=number)
        staged = []
        for board in ("a", "b"):
            run_id = runs.open_run(books.ledger, Filters())
            locks.acquire(books.ledger, f"{board}{number}", board, run_id, 60)
            plan = planned(findings=[found], groups={f"{board}{number}": {}})
            staged.append(lambda r=run_id, p=plan: runs.stage(books.ledger, r, p))
        assert at_once(*staged) == [None, None]
    seen = [each["message"] for each in reading.findings(books.ledger, state="all")]
    assert sorted(seen) == [f"row {number}" for number in range(ROUNDS)]
