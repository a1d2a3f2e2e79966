"""Requests whose outcome is not known: marked, found again, and settled by evidence alone."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from books import BOARD, DATA, Books, done, line, names, of_item, planned, start

from customer_orders.errors import LedgerError
from customer_orders.ledger import State, claiming, knowledge, rechecks, recording
from customer_orders.ledger.recording import Evidence
from customer_orders.ledger.results import Done, Reopen, Result
from customer_orders.ledger.schema import event, request


@pytest.mark.parametrize("status", [None, 502])
def test_what_is_unknown_is_marked(books: Books, status: int | None):
    """Since when, by which status, and until when it is looked at again; it stays sending."""
    run_id, held = start(books, "a", with_group=False)
    stored = books.take(run_id, held)
    books.now += 3
    books.unknown(held, stored, status)
    (row,) = books.rows(request)
    assert (row.unknown_since, row.recheck_after) == (books.now, books.now + 60)
    assert (row.status, row.settled, row.body) == (status, None, stored.body)
    assert [each["record_uuid"] for each in json.loads(row.doubted)] == ["a"]
    assert books.states()["a", "create"] == State.SENDING
    ((name, detail),) = [(e.name, e.detail) for e in books.rows(event, request_id=stored.id)]
    assert (name, json.loads(detail)) == ("unknown", {"reason": "cut off", "status": status})


def test_what_was_known_of_a_doubt_is_kept(books: Books):
    """Unknown once more: the first re-check time, all operations and the status stay."""
    run_id, held = start(books, "a", "b", with_group=False)
    stored = books.take(run_id, held)
    books.unknown(held, stored, 502)
    (first,) = books.rows(request)
    books.now += 9
    books.unknown(held, replace(stored, operations=stored.operations[:1]))
    (row,) = books.rows(request)
    assert (row.recheck_after, row.doubted) == (first.recheck_after, first.doubted)
    assert (row.status, row.unknown_since) == (502, books.now)


@pytest.mark.parametrize("result", [*done("5"), DATA, Reopen(reason="limit")])
def test_an_answer_cannot_settle_what_is_unknown(books: Books, result: Result):
    """Only evidence does; the refusal changes nothing."""
    run_id, held = start(books, "a", with_group=False)
    stored = books.take(run_id, held)
    books.unknown(held, stored)
    before = books.everything()
    with pytest.raises(LedgerError, match="its outcome is not known"):
        books.record(held, stored, result)
    assert books.everything() == before


@pytest.mark.parametrize("by", [Evidence.REPLAY, Evidence.BOARD])
@pytest.mark.parametrize(
    ("result", "state"),
    [
        (Done(monday_id="5"), State.DELIVERED),
        (DATA, State.FAILED),
        (Reopen(reason="not there"), State.PENDING),
    ],
)
def test_evidence_settles_what_is_unknown(books: Books, result: Result, state: State, by: Evidence):
    """A marked replay, or the board: the event says which, and the bytes are given up."""
    run_id, held = start(books, "a", with_group=False)
    stored = books.take(run_id, held)
    books.unknown(held, stored)
    books.record(held, stored, result, by=by)
    assert books.states()["a", "create"] == state
    (row,) = books.rows(request)
    assert (row.settled, row.body) == (books.now, None)
    told = [json.loads(row.detail) for row in books.rows(event, name="recorded")]
    assert [each["evidence"] for each in told] == [by]


@pytest.mark.parametrize(("by", "replays", "doubts"), [
    (Evidence.REPLAY, 1, 0),
    (Evidence.REPLAY, 2, 1),
    (Evidence.BOARD, 1, 1),
])  # fmt: skip
def test_only_the_answer_to_one_send_ends_the_doubt(
    books: Books, by: Evidence, replays: int, doubts: int
):
    """With two sends before it, the marked answer may be the second's: the first may come late."""
    run_id, held = start(books, "a", with_group=False)
    stored = books.take(run_id, held)
    for _ in range(replays):
        books.unknown(held, stored)
        stored = claiming.take_again(books.ledger, held, stored)
    books.record(held, stored, *done("5"), by=by)
    assert len(rechecks.doubted(books.ledger, BOARD)) == doubts


def test_what_a_marked_replay_leaves_out_stays_in_doubt(books: Books):
    """At once, for the process may die before it says so: all of it is looked at again."""
    run_id, held = start(books, "a", "b", with_group=False)
    stored = books.take(run_id, held)
    books.unknown(held, stored)
    stored = claiming.take_again(books.ledger, held, stored)
    books.record(held, stored, *done("5"), by=Evidence.REPLAY)
    (left,) = recording.unsettled(books.ledger, BOARD)
    assert names(left.operations) == ["b"]
    assert left.unknown_since is not None
    books.record(held, left, *done("6"), by=Evidence.BOARD)
    doubts = {each.operation.record_uuid for each in rechecks.doubted(books.ledger, BOARD)}
    assert doubts == {"a", "b"}


def test_operations_of_a_doubt_are_kept_whole(books: Books):
    """What is looked at again is the operation as it was sent."""
    run_id, held = start(books, "a", with_group=False)
    stored = books.take(run_id, held)
    books.unknown(held, stored)
    assert rechecks.doubted(books.ledger, BOARD) == []
    books.record(held, stored, *done("5"), by=Evidence.BOARD)
    (doubt,) = rechecks.doubted(books.ledger, BOARD)
    assert (doubt.request_id, doubt.first_send) == (stored.id, stored.first_send)
    assert doubt.operation == stored.operations[0].operation
    assert rechecks.doubted(books.ledger, "77") == []


def test_unsettled_requests_of_earlier_runs_are_found(books: Books):
    """Marked or not: whoever was killed could not mark anything. The oldest comes first."""
    run_id, held = start(books, "a", "b", with_group=False)
    first = books.take(run_id, held, most=1)
    books.now += 1
    second = books.take(run_id, held, most=1)
    books.run()
    found = recording.unsettled(books.ledger, BOARD)
    assert [each.id for each in found] == [first.id, second.id]
    assert [each.last_send for each in found] == [first.last_send, second.last_send]
    assert found[0].operations == first.operations
    assert (found[0].unknown_since, found[0].status, found[0].user) == (None, None, "1")
    assert found[0].body == first.body
    assert recording.unsettled(books.ledger, "77") == []


def test_an_earlier_run_s_operation_is_recorded_for_that_run(books: Books):
    """Settled later, its line gets the hash of the run that planned it."""
    run_id, held = books.run(planned([line("a")], [of_item("a")]))
    stored = books.take(run_id, held)
    _, held = books.run()
    books.record(held, stored, *done("5"))
    assert books.hashes() == {"a": "hash of a"}
    (row,) = books.rows(event, request_id=stored.id)
    assert (row.run_id, row.name) == (run_id, "recorded")


def test_a_part_of_a_request_can_be_recorded(books: Books):
    """What is known is recorded; the rest stays sending, and the request keeps its bytes."""
    run_id, held = start(books, "a", "b", "c", with_group=False)
    stored = books.take(run_id, held)
    tally = books.record(held, stored, *done("5"), Reopen(reason="limit"))
    assert (tally.delivered, tally.reopened) == (1, 1)
    (row,) = books.rows(request)
    assert (row.body, row.settled) == (stored.body, None)
    books.unknown(held, stored)
    (left,) = recording.unsettled(books.ledger, BOARD)
    assert (left.id, names(left.operations), left.unknown_since) == (stored.id, ["c"], books.now)
    assert knowledge.unsettled_lines(books.ledger) == {"c"}
    books.record(held, left, *done("7"), by=Evidence.BOARD)
    (row,) = books.rows(request)
    assert (row.body, row.settled) == (None, books.now)
    assert recording.unsettled(books.ledger, BOARD) == []
