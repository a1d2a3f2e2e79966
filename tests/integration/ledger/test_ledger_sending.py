"""Claims and recordings: what is ready, what is stored, and what a result changes."""

from __future__ import annotations

import json

import pytest
from books import BOARD, GROUP, Books, compose, group, line, of_item, of_size, planned, whole

from customer_orders.errors import LockLost
from customer_orders.ledger import State, knowledge, reading, sending
from customer_orders.ledger.results import Done, Refusal, Reopen, Result
from customer_orders.ledger.schema import (
    board_group,
    event,
    item,
    operation,
    request,
    snapshot,
    subitem,
)
from customer_orders.ledger.sending import Request
from customer_orders.plan import Action, Operation, Outcome, Target

DATA = Refusal(category="data", code="ColumnValueException", error="no such label", hint="mend it")


def start(books: Books, *names: str, with_group: bool = True):
    """A run that has lines with two sizes each to make."""
    made = [o for name in names for o in whole(name)]
    first = [group()] if with_group else []
    return books.run(planned([line(name) for name in names], [*first, *made]))


def record(books: Books, held, stored: Request, *results: Result) -> sending.Tally:
    """Record results in the order of the request's operations."""
    ids = [each.id for each in stored.operations]
    return sending.record(books.ledger, held, stored, dict(zip(ids, results, strict=False)), {})


def names(stored: Request) -> list[str]:
    """Targets of a request."""
    return [each.operation.target.partition("/")[2] for each in stored.operations]


def done(*ids: str) -> list[Done]:
    """Confirmations with these ids."""
    return [Done(monday_id=each) for each in ids]


def test_a_claim_stores_the_request_before_anything_is_sent(books: Books):
    """Operations are sending, bytes and key are kept, and nobody may call the line delivered."""
    run_id, held = start(books, "a", with_group=False)
    stored = books.take(run_id, held)
    (row,) = books.rows(request)
    assert (row.id, row.body, row.run_id, row.board) == (stored.id, b"op0", run_id, BOARD)
    assert (row.first_send, row.last_send, row.monday_user) == (books.now, books.now, "1")
    assert (row.unknown_since, row.settled) == (None, None)
    (claimed,) = books.rows(operation, state="sending")
    assert (claimed.request_id, claimed.alias, claimed.attempts) == (stored.id, "op0", 1)
    (known,) = books.rows(snapshot)
    assert (known.record_uuid, known.row_hash, known.seen_hash) == ("a", None, "hash of a")
    assert (known.line_key, known.mapping_version, known.last_delivered) == ("key of a", "v1", None)


def test_keys_are_random(books: Books):
    """Two claims of the same operation have different Idempotency-Keys."""
    run_id, held = start(books, "a", with_group=False)
    first = books.take(run_id, held)
    record(books, held, first, Reopen(reason="limit"))
    second = books.take(run_id, held)
    assert first.body == second.body
    assert first.id != second.id


def test_the_order_within_a_line(books: Books):
    """Group, item, then its sizes: each waits until what is before it is recorded."""
    run_id, held = start(books, "a")
    stored = books.take(run_id, held)
    assert names(stored) == [f"group {GROUP}"]
    take = {"most": 10, "user": "1", "compose": compose}
    assert sending.take(books.ledger, held, run_id, **take) is None
    record(books, held, stored, *done("g1"))
    stored = books.take(run_id, held)
    assert names(stored) == ["a"]
    assert stored.operations[0].group_id == "g1"
    assert sending.ready(books.ledger, held, run_id, 10) == 0
    record(books, held, stored, *done("5"))
    stored = books.take(run_id, held)
    assert sorted(names(stored)) == ["a/L", "a/M"]
    assert {each.item_id for each in stored.operations} == {"5"}
    record(books, held, stored, *done("6", "7"))
    assert sending.take(books.ledger, held, run_id, **take) is None


def test_a_line_is_moved_before_it_is_updated(books: Books):
    """Link, move, update, then sizes."""
    made = [
        of_size("a", "M", action=Action.UPDATE),
        of_item("a", Action.UPDATE, values={"NOTE": "y"}),
        of_item("a", Action.MOVE, group=GROUP),
    ]
    run_id, held = books.run(planned([line("a", Outcome.MOVED)], made))
    order = []
    while sending.ready(books.ledger, held, run_id, 10):
        stored = books.take(run_id, held)
        order += [(each.operation.kind, each.operation.action) for each in stored.operations]
        record(books, held, stored, Refusal(category="data", code="", error=""))
    assert [action for _, action in order] == ["move", "update", "update"]
    assert order[-1][0] is Target.SUBITEM


def test_a_request_holds_one_kind_and_not_too_many(books: Books):
    """The kind that has most operations goes first, at most `most` of them."""
    lines = [line(str(number)) for number in range(7)]
    made = [of_item(str(number)) for number in range(5)]
    moved = [of_item(str(number), Action.MOVE, group=GROUP) for number in (5, 6)]
    run_id, held = books.run(planned(lines, [*moved, *made]))
    assert sending.ready(books.ledger, held, run_id, 10) == 5
    assert sending.ready(books.ledger, held, run_id, 3) == 3
    assert names(books.take(run_id, held, most=3)) == ["0", "1", "2"]
    assert len(names(books.take(run_id, held))) == 2
    assert {each.operation.action for each in books.take(run_id, held).operations} <= {"move"}


def test_nothing_goes_out_for_a_line_with_an_unknown_operation(books: Books):
    """While one size is unknown the other waits; without the doubt it may go beside it."""
    run_id, held = books.run(
        planned([line("a", Outcome.UPDATED)], [of_size("a", "M"), of_size("a", "L")])
    )
    stored = books.take(run_id, held, most=1)
    assert sending.ready(books.ledger, held, run_id, 10) == 1
    sending.mark_unknown(books.ledger, held, stored, "cut off", 60)
    assert sending.ready(books.ledger, held, run_id, 10) == 0
    record(books, held, stored, Reopen(reason="looked up: not there"))
    assert sending.ready(books.ledger, held, run_id, 10) == 2


def test_a_claim_that_does_not_find_what_it_names(books: Books):
    """An operation that left `pending` meanwhile: LockLost, and nothing of the claim is stored."""
    run_id, held = start(books, "a", "b", with_group=False)

    def stolen(claimed) -> bytes:
        raise AssertionError("not called")

    stored = books.take(run_id, held)
    before = books.everything()
    with pytest.raises(LockLost, match="not ours to change"), books.ledger.transaction() as c:
        sending._claim(c, held, run_id, stored.operations, "another", books.now)
    assert books.everything() == before
    assert stolen is not None


def test_a_record_of_what_is_not_sending(books: Books):
    """Recorded twice: the second time nothing is changed, and it is told."""
    run_id, held = start(books, "a", with_group=False)
    stored = books.take(run_id, held)
    record(books, held, stored, *done("5"))
    before = books.everything()
    for result in (*done("6"), DATA, Reopen(reason="x")):
        with pytest.raises(LockLost):
            record(books, held, stored, result)
        assert books.everything() == before


def test_the_null_rule(books: Books):
    """Claiming clears the hash; only the last delivery sets it, to what was planned."""
    run_id, held = start(books, "a", with_group=False)
    stored = books.take(run_id, held)
    assert books.hashes() == {"a": None}
    record(books, held, stored, *done("5"))
    assert books.hashes() == {"a": None}
    stored = books.take(run_id, held, most=1)
    record(books, held, stored, *done("6"))
    assert books.hashes() == {"a": None}
    stored = books.take(run_id, held)
    books.now += 5
    record(books, held, stored, *done("7"))
    (row,) = books.rows(snapshot)
    assert (row.row_hash, row.last_delivered) == ("hash of a", books.now)
    # A later change: the hash is cleared again with the first claim.
    change = [of_item("a", Action.UPDATE, values={"NOTE": "y"})]
    second, held = books.run(planned([line("a", Outcome.UPDATED, "new hash")], change))
    stored = books.take(second, held)
    assert books.hashes() == {"a": None}
    record(books, held, stored, *done("5"))
    assert books.hashes() == {"a": "new hash"}


@pytest.mark.parametrize("result", [DATA, Reopen(reason="limit")], ids=["refused", "reopened"])
def test_the_null_rule_when_the_last_one_is_not_delivered(books: Books, result: Result):
    """A line with a failed or an open operation is not whole."""
    run_id, held = start(books, "a", with_group=False)
    record(books, held, books.take(run_id, held), *done("5"))
    stored = books.take(run_id, held)
    record(books, held, stored, *done("6"), result)
    assert books.hashes() == {"a": None}


def test_a_line_whose_rest_was_superseded_is_not_whole(books: Books):
    """What a later plan retired was not delivered: settling the other part sets no hash."""
    run_id, held = start(books, "a", with_group=False)
    record(books, held, books.take(run_id, held), *done("5"))
    stored = books.take(run_id, held, most=1)
    _, held = books.run(planned([line("a", Outcome.PENDING)]))
    record(books, held, stored, *done("6"))
    assert books.states(run_id)["a/L", "create"] == State.SUPERSEDED
    assert books.hashes() == {"a": None}


READ = {"name": "a", "group": GROUP, "values": {"NOTE": "x", "LINE KEY": "a"}}


@pytest.mark.parametrize(
    ("read", "is_whole"),
    [
        (READ, True),
        (READ | {"values": {"NOTE": "mine", "LINE KEY": "a"}}, False),
        (READ | {"values": {"NOTE": None, "LINE KEY": "a"}}, False),
        (READ | {"values": READ["values"] | {"ORDER QTY": "7"}}, False),
        (READ | {"values": READ["values"] | {"ORDER QTY": None}}, True),
        (READ | {"name": "another"}, False),
        (READ | {"group": "another"}, False),
    ],
)
def test_what_was_read_is_taken_for_delivered(books: Books, read, is_whole: bool):
    """The board's values are kept; where they are not what was sent, the line is not whole."""
    run_id, held = books.run(planned([line("a")], [of_item("a")]))
    stored = books.take(run_id, held)
    record(books, held, stored, Done(monday_id="5", read=read))
    (row,) = books.rows(item)
    assert (row.monday_id, row.name, row.group_title) == ("5", read["name"], read["group"])
    assert json.loads(row.delivered) == read["values"]
    assert books.hashes() == {"a": "hash of a" if is_whole else None}
    assert books.states() == {("a", "create"): "delivered"}
    # The next run finds nothing to do, or something: either way it can make the line whole.
    books.run(planned([line("a", Outcome.UNCHANGED)]))
    assert books.hashes() == {"a": "hash of a"}


def test_what_delivery_writes(books: Books):
    """Group, item and size get monday's ids; later changes are laid over what was delivered."""
    run_id, held = start(books, "a")
    for ids in (["g1"], ["5"], ["6", "7"]):
        record(books, held, books.take(run_id, held), *done(*ids))
    assert [tuple(row) for row in books.rows(board_group)] == [(BOARD, GROUP, "g1")]
    (row,) = books.rows(item)
    assert (row.record_uuid, row.monday_id, row.board) == ("a", "5", BOARD)
    assert (row.group_title, row.name) == (GROUP, "a")
    assert {row.size: row.monday_id for row in books.rows(subitem)} == {"M": "6", "L": "7"}
    changes = [
        of_item("a", Action.MOVE, group="X"),
        of_item("a", Action.UPDATE, values={"NOTE": None}, name="b"),
        of_size("a", "M", "9", Action.UPDATE),
    ]
    run_id, held = books.run(planned([line("a", Outcome.MOVED)], changes))
    for ids in (["5"], ["5"], ["6"]):
        record(books, held, books.take(run_id, held), *done(*ids))
    shown = knowledge.delivered_items(books.ledger, ["a"])["a"]
    assert (shown.group, shown.name, shown.monday_id) == ("X", "b", "5")
    assert shown.values == {"NOTE": None, "LINE KEY": "a"}
    assert shown.subitems["M"].values == {"Size": "M", "Order Qty": "9"}
    assert shown.subitems["L"].monday_id == "7"


def test_a_refusal_is_kept_with_its_words(books: Books):
    """Category, code, words and hint; and a finding that names the line."""
    run_id, held = start(books, "a", with_group=False)
    tally = record(books, held, books.take(run_id, held), DATA)
    assert (tally.delivered, tally.failed, tally.reopened, tally.blocked) == (0, 1, 0, 2)
    (row,) = books.rows(operation, category="data")
    assert (row.code, row.error, row.hint) == (DATA.code, DATA.error, DATA.hint)
    assert [found["record_uuid"] for found in reading.findings(books.ledger)] == ["a"]


def test_the_sizes_of_a_refused_item_are_blocked(books: Books):
    """In the same transaction, with the reason; other lines go on."""
    run_id, held = start(books, "a", "b", with_group=False)
    record(books, held, books.take(run_id, held), DATA, *done("5"))
    blocked = books.rows(operation, category="blocked")
    assert [row.target for row in blocked] == [f"{BOARD}/a/M", f"{BOARD}/a/L"]
    assert {row.state for row in blocked} == {State.FAILED}
    assert "waits for 10/a, which was refused: no such label" in blocked[0].error
    assert sorted(names(books.take(run_id, held))) == ["b/L", "b/M"]


def test_the_lines_of_a_refused_group_are_blocked(books: Books):
    """All its lines, with a finding for each; a line of another group is not."""
    elsewhere = Operation(
        kind=Target.ITEM,
        action=Action.CREATE,
        board=BOARD,
        customer="TORVANE",
        group="another",
        record_uuid="c",
        payload=of_item("c").payload,
    )
    lines = [line(name) for name in "abc"]
    run_id, held = books.run(planned(lines, [group(), *whole("a"), *whole("b"), elsewhere]))
    stored = books.take(run_id, held, most=1)
    assert names(stored) == [f"group {GROUP}"]
    tally = record(books, held, stored, DATA)
    assert tally.blocked == 6
    assert names(books.take(run_id, held)) == ["c"]
    found = {found["record_uuid"]: found["rule"] for found in reading.findings(books.ledger)}
    assert found == {None: "refused", "a": "refused", "b": "refused"}


def test_an_update_that_is_refused_blocks_nothing(books: Books):
    """The item is there: its sizes can go on."""
    made = [of_item("a", Action.UPDATE, values={"NOTE": "y"}), of_size("a", "M")]
    run_id, held = books.run(planned([line("a", Outcome.UPDATED)], made))
    assert record(books, held, books.take(run_id, held), DATA).blocked == 0
    assert names(books.take(run_id, held)) == ["a/M"]


def test_a_part_of_a_request_can_be_recorded(books: Books):
    """What is known is recorded; the rest stays sending, and the request keeps its bytes."""
    run_id, held = start(books, "a", "b", "c", with_group=False)
    stored = books.take(run_id, held)
    tally = record(books, held, stored, *done("5"), Reopen(reason="limit"))
    assert (tally.delivered, tally.reopened) == (1, 1)
    (row,) = books.rows(request)
    assert (row.body, row.settled) == (stored.body, None)
    sending.mark_unknown(books.ledger, held, stored, "the answer does not say", 60)
    (left,) = sending.unsettled(books.ledger, BOARD)
    assert (left.id, names(left), left.unknown_since) == (stored.id, ["c"], books.now)
    assert knowledge.unsettled_lines(books.ledger) == {"c"}
    record(books, held, left, *done("7"))
    (row,) = books.rows(request)
    assert (row.body, row.settled) == (None, books.now)
    assert sending.unsettled(books.ledger, BOARD) == []


def test_what_is_unknown_is_marked(books: Books):
    """Since when, and until when it must be looked at again; the operations stay sending."""
    run_id, held = start(books, "a", with_group=False)
    stored = books.take(run_id, held)
    books.now += 3
    sending.mark_unknown(books.ledger, held, stored, "cut off", 60)
    (row,) = books.rows(request)
    assert (row.unknown_since, row.recheck_after) == (books.now, books.now + 60)
    assert books.states()["a", "create"] == State.SENDING
    events = [(row.name, row.detail) for row in books.rows(event, request_id=stored.id)]
    assert events == [("unknown", '{"reason": "cut off"}')]


def test_unsettled_requests_of_earlier_runs_are_found(books: Books):
    """Marked or not: whoever was killed could not mark anything. The oldest comes first."""
    run_id, held = start(books, "a", "b", with_group=False)
    first = books.take(run_id, held, most=1)
    books.now += 1
    second = books.take(run_id, held, most=1)
    books.run()
    found = sending.unsettled(books.ledger, BOARD)
    assert [each.id for each in found] == [first.id, second.id]
    assert [each.last_send for each in found] == [first.last_send, second.last_send]
    assert found[0].operations == first.operations
    assert found[0].unknown_since is None
    assert sending.unsettled(books.ledger, "77") == []


def test_an_earlier_run_s_operation_is_recorded_for_that_run(books: Books):
    """Settled later, its line gets the hash of the run that planned it."""
    run_id, held = books.run(planned([line("a")], [of_item("a")]))
    stored = books.take(run_id, held)
    _, held = books.run()
    record(books, held, stored, *done("5"))
    assert books.hashes() == {"a": "hash of a"}
    (row,) = books.rows(event, request_id=stored.id)
    assert (row.run_id, row.name) == (run_id, "recorded")


def link(name: str, size: str | None = None, number: str = "5") -> Operation:
    """Take over what stands on the board."""
    made = of_size(name, size) if size else of_item(name)
    return Operation(
        kind=made.kind,
        action=Action.LINK,
        board=BOARD,
        customer="TORVANE",
        group=GROUP,
        record_uuid=name,
        size=size,
        payload={"monday_id": number, **made.payload},
    )


def test_links_are_taken_over_without_a_request(books: Books):
    """Item and sizes get their ids; a line with nothing else to do is whole."""
    made = [link("a"), link("a", "M", "6"), link("b", number="8"), of_size("b", "L")]
    lines = [line("a", Outcome.UNCHANGED), line("b", Outcome.UPDATED)]
    run_id, held = books.run(planned(lines, made))
    assert sending.ready(books.ledger, held, run_id, 10) == 0
    assert sending.take_over_links(books.ledger, held, run_id) == 3
    assert books.rows(request) == []
    assert {row.record_uuid: row.monday_id for row in books.rows(item)} == {"a": "5", "b": "8"}
    assert books.hashes() == {"a": "hash of a", "b": None}
    assert names(books.take(run_id, held)) == ["b/L"]
    assert sending.take_over_links(books.ledger, held, run_id) == 0


def test_many_links_are_taken_over(books: Books, monkeypatch: pytest.MonkeyPatch):
    """More than a statement can name are taken over in several steps."""
    monkeypatch.setattr(sending, "CHUNK", 4)
    made = [link(str(number), number=str(number)) for number in range(10)]
    lines = [line(str(number), Outcome.UNCHANGED) for number in range(10)]
    run_id, held = books.run(planned(lines, made))
    assert sending.take_over_links(books.ledger, held, run_id) == 10
    assert len(books.rows(item)) == 10
    assert None not in books.hashes().values()
