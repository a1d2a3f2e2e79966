"""Claims: what is read in pages, what is stored before it is sent, and links."""

from __future__ import annotations

import pytest
from books import (
    BOARD,
    Books,
    compose,
    done,
    group,
    line,
    link,
    names,
    of_item,
    of_size,
    planned,
    start,
    whole,
)
from sqlalchemy import update

from customer_orders.errors import LockLost
from customer_orders.ledger import claiming
from customer_orders.ledger.results import Reopen
from customer_orders.ledger.schema import item, operation, request, snapshot
from customer_orders.plan import Action, Outcome


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
    books.record(held, first, Reopen(reason="limit"))
    second = books.take(run_id, held)
    assert first.body == second.body
    assert first.id != second.id


def test_a_claim_that_does_not_find_what_it_names(books: Books):
    """An operation that left `pending` meanwhile: LockLost, and nothing of the claim is stored."""
    run_id, held = start(books, "a", "b", with_group=False)
    chosen = books.ready(run_id)
    books.take(run_id, held, most=1)
    before = books.everything()
    with pytest.raises(LockLost, match="1 of 2 rows were not ours to change"):
        claiming.take(books.ledger, held, chosen, user="1", compose=compose)
    assert books.everything() == before


def test_a_claim_is_whole_or_not_at_all(books: Books, monkeypatch: pytest.MonkeyPatch):
    """Whoever dies before the row hash is cleared has claimed nothing."""
    run_id, held = start(books, "a", with_group=False)
    before = books.everything()

    def dies(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(claiming, "doubt", dies)
    with pytest.raises(KeyboardInterrupt):
        books.take(run_id, held)
    assert books.everything() == before


def test_a_claim_of_a_line_that_is_doubted_already(books: Books):
    """The row hash is cleared once by a run; later claims of the line need not do it again."""
    run_id, held = start(books, "a", with_group=False)
    books.record(held, books.take(run_id, held), *done("5"))
    with books.ledger.transaction() as connection:
        connection.execute(update(snapshot).values(row_hash="left alone"))
    chosen = books.ready(run_id)
    claiming.take(books.ledger, held, chosen[:1], user="1", compose=compose, doubted=True)
    assert books.hashes() == {"a": "left alone"}
    claiming.take(books.ledger, held, chosen[1:], user="1", compose=compose)
    assert books.hashes() == {"a": None}


def test_a_claim_keeps_the_hash_that_was_planned_last(books: Books):
    """A known line that is cut off half-way is told by its new content, not by the old one."""
    run_id, held = books.run(planned([line("a")], [of_item("a")]))
    books.record(held, books.take(run_id, held), *done("5"))
    change = of_item("a", Action.UPDATE, values={"NOTE": "y"})
    run_id, held = books.run(planned([line("a", Outcome.UPDATED, "new hash")], [change]))
    books.take(run_id, held)
    (row,) = books.rows(snapshot)
    assert (row.row_hash, row.seen_hash) == (None, "new hash")


def test_pages_are_read_in_planned_order(books: Books):
    """Each page goes on behind the last id; what is finished, under way or a link is not in it."""
    made = [group(), link("a"), *whole("b"), *whole("c")]
    run_id, held = books.run(planned([line(name) for name in "abc"], made))
    books.take(run_id, held)
    first = claiming.page(books.ledger, BOARD, run_id, 0, 4)
    assert names(first) == ["b", "b/M", "b/L", "c"]
    assert names(claiming.page(books.ledger, BOARD, run_id, first[-1].id, 4)) == ["c/M", "c/L"]
    assert claiming.page(books.ledger, "77", run_id, 0, 4) == []
    assert claiming.page(books.ledger, BOARD, "another run", 0, 4) == []


def test_one_more_send_of_the_same_bytes(books: Books):
    """A replay is written down before it leaves: the moment and the number of sends."""
    run_id, held = start(books, "a", with_group=False)
    stored = books.take(run_id, held)
    books.now += 7
    again = claiming.take_again(books.ledger, held, stored)
    assert (again.id, again.body) == (stored.id, stored.body)
    assert (again.first_send, again.last_send) == (stored.first_send, books.now)
    (row,) = books.rows(request)
    assert (row.sends, row.first_send, row.last_send) == (2, stored.first_send, books.now)


def test_a_settled_request_is_not_sent_again(books: Books):
    """Its bytes are gone: whoever would replay it has lost track."""
    run_id, held = start(books, "a", with_group=False)
    stored = books.take(run_id, held)
    books.record(held, stored, *done("5"))
    with pytest.raises(LockLost):
        claiming.take_again(books.ledger, held, stored)


def test_links_are_taken_over_without_a_request(books: Books):
    """Item and sizes get their ids; a line with nothing else to do is whole."""
    made = [link("a"), link("a", "M", "6"), link("b", number="8"), of_size("b", "L")]
    lines = [line("a", Outcome.UNCHANGED), line("b", Outcome.UPDATED)]
    run_id, held = books.run(planned(lines, made))
    assert names(claiming.page(books.ledger, BOARD, run_id, 0, 10)) == ["b/L"]
    assert claiming.take_over_links(books.ledger, held, run_id)[0] == 3
    assert books.rows(request) == []
    assert {row.record_uuid: row.monday_id for row in books.rows(item)} == {"a": "5", "b": "8"}
    assert books.hashes() == {"a": "hash of a", "b": None}
    assert names(books.take(run_id, held).operations) == ["b/L"]
    assert claiming.take_over_links(books.ledger, held, run_id)[0] == 0


def test_many_links_are_taken_over(books: Books, monkeypatch: pytest.MonkeyPatch):
    """More than a statement can name are taken over in several steps."""
    monkeypatch.setattr(claiming, "CHUNK", 4)
    made = [link(str(number), number=str(number)) for number in range(10)]
    lines = [line(str(number), Outcome.UNCHANGED) for number in range(10)]
    run_id, held = books.run(planned(lines, made))
    assert claiming.take_over_links(books.ledger, held, run_id)[0] == 10
    assert len(books.rows(item)) == 10
    assert None not in books.hashes().values()
