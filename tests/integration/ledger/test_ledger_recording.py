"""Recordings: what a result changes, and when a line is whole."""

from __future__ import annotations

import json
from typing import Any

import pytest
from books import (
    BOARD,
    DATA,
    GROUP,
    Books,
    done,
    group,
    line,
    names,
    of_item,
    of_size,
    planned,
    start,
    whole,
)

from customer_orders.errors import LockLost
from customer_orders.ledger import (
    State,
    findings,
    knowledge,
    production,
    reading,
    recording,
    results,
)
from customer_orders.ledger.results import Done, Reopen, Result
from customer_orders.ledger.schema import board_group, item, operation, snapshot, subitem
from customer_orders.plan import Action, Operation, Outcome, Target


def test_a_record_of_what_is_not_sending(books: Books):
    """Recorded twice: the second time nothing is changed, and it is told."""
    run_id, held = start(books, "a", with_group=False)
    stored = books.take(run_id, held)
    books.record(held, stored, *done("5"))
    before = books.everything()
    for result in (*done("6"), DATA, Reopen(reason="x")):
        with pytest.raises(LockLost):
            books.record(held, stored, result)
        assert books.everything() == before


def test_the_null_rule(books: Books):
    """Claiming clears the hash; only the last delivery sets it, to what was planned."""
    run_id, held = start(books, "a", with_group=False)
    stored = books.take(run_id, held)
    assert books.hashes() == {"a": None}
    books.record(held, stored, *done("5"))
    assert books.hashes() == {"a": None}
    stored = books.take(run_id, held, most=1)
    books.record(held, stored, *done("6"))
    assert books.hashes() == {"a": None}
    stored = books.take(run_id, held)
    books.now += 5
    books.record(held, stored, *done("7"))
    (row,) = books.rows(snapshot)
    assert (row.row_hash, row.last_delivered) == ("hash of a", books.now)
    # A later change: the hash is cleared again with the first claim.
    change = [of_item("a", Action.UPDATE, values={"NOTE": "y"})]
    second, held = books.run(planned([line("a", Outcome.UPDATED, "new hash")], change))
    stored = books.take(second, held)
    assert books.hashes() == {"a": None}
    books.record(held, stored, *done("5"))
    assert books.hashes() == {"a": "new hash"}


@pytest.mark.parametrize("result", [DATA, Reopen(reason="limit")], ids=["refused", "reopened"])
def test_the_null_rule_when_the_last_one_is_not_delivered(books: Books, result: Result):
    """A line with a failed or an open operation is not whole."""
    run_id, held = start(books, "a", with_group=False)
    books.record(held, books.take(run_id, held), *done("5"))
    stored = books.take(run_id, held)
    books.record(held, stored, *done("6"), result)
    assert books.hashes() == {"a": None}


def test_a_line_whose_rest_was_superseded_is_not_whole(books: Books):
    """What a later plan retired was not delivered: settling the other part sets no hash."""
    run_id, held = start(books, "a", with_group=False)
    books.record(held, books.take(run_id, held), *done("5"))
    stored = books.take(run_id, held, most=1)
    _, held = books.run(planned([line("a", Outcome.PENDING)]))
    books.record(held, stored, *done("6"))
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
    books.record(held, stored, Done(monday_id="5", read=read))
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
        books.record(held, books.take(run_id, held), *done(*ids))
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
        books.record(held, books.take(run_id, held), *done(*ids))
    shown = knowledge.delivered_items(books.ledger, ["a"])["a"]
    assert (shown.group, shown.name, shown.monday_id) == ("X", "b", "5")
    assert shown.values == {"NOTE": None, "LINE KEY": "a"}
    assert shown.subitems["M"].values == {"Size": "M", "Order Qty": "9"}
    assert shown.subitems["L"].monday_id == "7"


def test_a_refusal_is_kept_with_its_words(books: Books):
    """Category, code, words and hint; and a finding that names the line."""
    run_id, held = start(books, "a", with_group=False)
    tally = books.record(held, books.take(run_id, held), DATA)
    assert (tally.delivered, tally.failed, tally.reopened, len(tally.blocked)) == (0, 1, 0, 2)
    (row,) = books.rows(operation, category="data")
    assert (row.code, row.error, row.hint) == (DATA.code, DATA.error, DATA.hint)
    assert [found["record_uuid"] for found in reading.findings(books.ledger)] == ["a"]


def test_the_sizes_of_a_refused_item_are_blocked(books: Books):
    """In the same transaction, with the reason; other lines go on."""
    run_id, held = start(books, "a", "b", with_group=False)
    books.record(held, books.take(run_id, held), DATA, *done("5"))
    blocked = books.rows(operation, category="blocked")
    assert [row.target for row in blocked] == [f"{BOARD}/a/M", f"{BOARD}/a/L"]
    assert {row.state for row in blocked} == {State.FAILED}
    assert "waits for 10/a, which was refused: no such label" in blocked[0].error
    assert sorted(names(books.take(run_id, held).operations)) == ["b/L", "b/M"]


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
    assert names(stored.operations) == [f"group {GROUP}"]
    tally = books.record(held, stored, DATA)
    assert len(tally.blocked) == 6
    assert names(books.take(run_id, held).operations) == ["c"]
    found = {found["record_uuid"]: found["rule"] for found in reading.findings(books.ledger)}
    assert found == {None: "refused", "a": "refused", "b": "refused"}


def test_an_update_that_is_refused_blocks_nothing(books: Books):
    """The item is there: its sizes can go on."""
    made = [of_item("a", Action.UPDATE, values={"NOTE": "y"}), of_size("a", "M")]
    run_id, held = books.run(planned([line("a", Outcome.UPDATED)], made))
    assert books.record(held, books.take(run_id, held), DATA).blocked == ()
    assert names(books.take(run_id, held).operations) == ["a/M"]


@pytest.mark.parametrize(
    ("result", "owner", "step"),
    [
        (Done(monday_id="5"), production, "_put"),
        (Done(monday_id="5"), recording, "advance"),
        (Done(monday_id="5"), recording, "note"),
        (DATA, results, "_dependants"),
        (DATA, findings, "keep"),
    ],
)
def test_a_recording_is_whole_or_not_at_all(
    books: Books, monkeypatch: pytest.MonkeyPatch, result: Result, owner: Any, step: str
):
    """Whoever dies between two statements leaves state, item, blocked sizes and hash as before."""
    run_id, held = start(books, "a", with_group=False)
    stored = books.take(run_id, held)
    before = books.everything()

    def dies(*_: Any) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(owner, step, dies)
    with pytest.raises(KeyboardInterrupt):
        books.record(held, stored, result)
    assert books.everything() == before
