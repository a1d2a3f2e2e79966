"""How a run counts: selected is the sum, for lines and for sizes."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from books import BOARD, GROUP, Books, group, line, of_item, of_size, planned, whole
from sqlalchemy import Column, MetaData, Table, insert, select

from customer_orders.ledger import RunStatus, reading, retelling, runs
from customer_orders.ledger.results import Done, Refusal
from customer_orders.ledger.schema import item, run
from customer_orders.model import Unchanged
from customer_orders.plan import Action, Filters, Outcome

DATA = Refusal(category="data", code="c", error="no")

BATCH = Table(
    "batch",
    MetaData(),
    *map(Column, ("run_id", "customer", "operations", "delivered", "failed", "open", "status")),
)


def quiet(lines: int, subitems: int, customer: str = "TORVANE") -> Unchanged:
    """Lines that were not looked at."""
    return Unchanged(customer=customer, po=None, season=None, lines=lines, subitems=subitems)


def mixed(books: Books) -> str:
    """A run with every outcome. Lines c to f have their items already."""
    lines = [
        *(line(name) for name in "ab"),
        line("c", Outcome.MOVED),
        *(line(name, Outcome.UPDATED) for name in "de"),
        line("f", Outcome.UNCHANGED),
        line("g", Outcome.SKIPPED),
        line("h", Outcome.FAILED),
        line("i", Outcome.PENDING),
    ]
    made = [
        group(),
        *whole("a"),
        *whole("b"),
        of_item("c", Action.MOVE, group=GROUP),
        of_item("d", Action.UPDATE, values={"NOTE": "y"}),
        of_size("e", "M", action=Action.UPDATE),
    ]
    known = {"board": BOARD, "group_title": GROUP, "name": "n", "delivered": "{}"}
    with books.ledger.transaction() as connection:
        for name in "cd":
            row = {"record_uuid": name, "monday_id": f"5{name}", **known}
            connection.execute(insert(item).values(row))
    unchanged = [quiet(10, 40), quiet(5, 3, "GREYSON"), quiet(2, 1)]
    run_id, held = books.run(planned(lines, made, unchanged=unchanged))
    while books.ready(run_id, 1):
        stored = books.take(run_id, held, most=1)
        (claimed,) = stored.operations
        refused = claimed.operation.record_uuid in ("b", "e")
        result = DATA if refused else Done(monday_id=f"m{claimed.id}")
        if claimed.operation.record_uuid != "d":
            books.record(held, stored, result)
    runs.settle_outcomes(books.ledger, run_id)
    return run_id


def test_each_line_counts_once(books: Books):
    """By the first that applies of failed, pending, and what was planned."""
    run_id = mixed(books)
    assert runs.line_counts(books.ledger, run_id) == {
        ("TORVANE", "created"): 1,
        ("TORVANE", "moved"): 1,
        ("TORVANE", "failed"): 3,
        ("TORVANE", "pending"): 2,
        ("TORVANE", "skipped"): 1,
        ("TORVANE", "unchanged"): 13,
        ("GREYSON", "unchanged"): 5,
    }


def test_the_counts_add_up(books: Books):
    """All lines that were looked at, and all that were not: nothing twice, nothing lost."""
    run_id = mixed(books)
    assert sum(runs.line_counts(books.ledger, run_id).values()) == 9 + 17
    # Two lines of two sizes, one changed size, and those of the lines that were not looked at.
    assert sum(runs.subitem_counts(books.ledger, run_id).values()) == 5 + 44


def test_sizes_are_counted_the_same_way(books: Books):
    """Made, refused and blocked ones, and the quiet ones of unchanged lines."""
    run_id = mixed(books)
    assert runs.subitem_counts(books.ledger, run_id) == {
        ("TORVANE", "created"): 2,
        ("TORVANE", "failed"): 3,
        ("TORVANE", "unchanged"): 41,
        ("TORVANE", "skipped"): 0,
        ("TORVANE", "pending"): 0,
        ("GREYSON", "unchanged"): 3,
    }


def test_sizes_of_held_and_unsettled_lines_count(books: Books):
    """Held after an earlier refusal is failed; what nobody knows yet is pending."""
    held = replace(line("a", Outcome.FAILED), refused_subitems=2, quiet_subitems=1)
    waiting = replace(line("b", Outcome.PENDING), quiet_subitems=3)
    run_id, _ = books.run(planned([held, waiting], []))
    assert runs.subitem_counts(books.ledger, run_id) == {
        ("TORVANE", "failed"): 2,
        ("TORVANE", "unchanged"): 1,
        ("TORVANE", "pending"): 3,
    }


def test_groups_that_were_made_are_counted(books: Books):
    """Only those that monday confirmed."""
    run_id = mixed(books)
    (made,) = retelling.groups_made(books.ledger, run_id)
    assert made["group"] == GROUP
    other, _ = books.run(planned([line("a")], [group("another")]))
    assert retelling.groups_made(books.ledger, other) == []


def test_a_staged_run_is_pending(books: Books):
    """Nothing was sent: all its lines and sizes are open."""
    run_id, _ = books.run(planned([line("a")], [group(), *whole("a")]))
    runs.settle_outcomes(books.ledger, run_id)
    assert runs.line_counts(books.ledger, run_id) == {("TORVANE", "pending"): 1}
    assert runs.subitem_counts(books.ledger, run_id)["TORVANE", "pending"] == 2


def test_a_run_that_failed_before_its_plan_counts_nothing(books: Books):
    """There are no lines, and the counts are empty."""
    run_id, _ = books.run()
    runs.settle_outcomes(books.ledger, run_id)
    assert runs.line_counts(books.ledger, run_id) == {}
    assert runs.subitem_counts(books.ledger, run_id) == {}


def test_the_view_of_batches_is_derived(books: Books):
    """A batch is open while anything of it is, failed when something was refused."""
    run_id = mixed(books)
    with books.ledger.transaction() as connection:
        rows = connection.execute(select(BATCH)).mappings().all()
    (batch,) = [dict(row) for row in rows]
    assert (batch["run_id"], batch["customer"], batch["status"]) == (run_id, "TORVANE", "open")
    assert batch["operations"] == batch["delivered"] + batch["failed"] + batch["open"] == 10


@pytest.mark.parametrize("status", [RunStatus.SUCCESS, RunStatus.FAILED])
def test_the_end_of_a_run_is_kept(books: Books, status: RunStatus):
    """Status, time, report and error; and an event."""
    run_id = runs.open_run(books.ledger, Filters(po="4755", limit=3))
    books.now += 12
    runs.close_run(books.ledger, run_id, status, {"items": 1}, "no monday")
    (row,) = books.rows(run)
    assert (row.status, row.ended, row.error) == (status, books.now, "no monday")
    assert json.loads(row.report) == {"items": 1}
    found = runs.facts(books.ledger, run_id)
    assert (found.started, found.filters) == (books.now - 12, {"po": "4755", "limit": 3})
    assert reading.runs(books.ledger)[0]["report"] == {"items": 1}


def test_ids_of_runs_tell_the_moment(books: Books):
    """The start in UTC and four random digits."""
    books.now = 1_795_468_620.0
    run_id = runs.open_run(books.ledger, Filters())
    assert run_id.startswith("20261123-211700-")
    assert len(run_id) == 20


def test_what_people_ask(books: Books):
    """Status, and the story behind any id that is printed."""
    run_id = mixed(books)
    status = reading.status(books.ledger)
    assert (status["items"], status["subitems"], status["lines"]) == (3, 2, 5)
    assert status["locks"][0]["board"] == BOARD
    assert status["last_run"]["id"] == run_id
    story = reading.show(books.ledger, "b")
    assert story is not None
    assert [found["rule"] for found in story["findings"]] == ["refused"]
    assert {row["state"] for row in story["operations"]} == {"failed"}
    sent = next(row for row in story["operations"] if row["request_id"])
    for other in (sent["request_id"], str(sent["id"])):
        assert reading.show(books.ledger, other) == story
    finding = reading.show(books.ledger, story["findings"][0]["id"])
    assert finding == {"finding": story["findings"][0]}
    whole_run = reading.show(books.ledger, run_id)
    assert whole_run is not None
    assert len(whole_run["operations"]) == 10
    made = reading.show(books.ledger, "a")
    assert made is not None
    assert reading.show(books.ledger, made["item"]["monday_id"]) == made
    assert reading.show(books.ledger, "nothing") is None
    assert [row["category"] for row in reading.failures(books.ledger, run_id)] == ["data", "data"]
