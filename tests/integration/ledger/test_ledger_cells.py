"""One cell that monday refused: split off its item's operation, held, and lifted again."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from books import BOARD, DATA, Books, done, line, names, of_item, of_size, planned

from customer_orders.ledger import State, knowledge, reading
from customer_orders.ledger.locks import Lock
from customer_orders.ledger.results import WithoutCell
from customer_orders.ledger.schema import operation
from customer_orders.plan import ALL_RUNS, Action, Operation, Outcome

VALUES = {"NOTE": "x", "SHADE": "dull", "LINE KEY": "a"}


def whole_item() -> Operation:
    """An item with a note and a shade, from nothing."""
    return of_item("a", name="a", group="TORVANE 2025 FALL", values=VALUES)


def change(**values: str) -> Operation:
    """Other values for the item."""
    planned_change = of_item("a", Action.UPDATE, values=values)
    return replace(planned_change, before={"values": dict.fromkeys(values, "old")})


def without(cell: str) -> WithoutCell:
    """What monday said of one cell."""
    return WithoutCell(cell=cell, refusal=DATA)


def refused(books: Books, *cells: str, made: Operation | None = None) -> tuple[str, Lock]:
    """A run in which the item lost these cells, one after the other, and was then delivered."""
    run_id, held = books.run(planned([line("a")], [made or whole_item()]))
    for cell in cells:
        books.record(held, books.take(run_id, held), without(cell))
    books.record(held, books.take(run_id, held), *done("5"))
    return run_id, held


def cells(books: Books, state: State = State.FAILED) -> list[str]:
    """Titles of the cells that were split off, in that state."""
    return [row.cell for row in books.rows(operation, state=state) if row.cell]


@pytest.mark.parametrize("made", [whole_item(), change(NOTE="y", SHADE="dull")])
def test_a_cell_is_split_off(books: Books, made: Operation):
    """It fails by itself with monday's words; the rest is pending, and is sent without it."""
    run_id, held = books.run(planned([line("a")], [made, of_size("a", "M")]))
    tally = books.record(held, books.take(run_id, held), without("SHADE"))
    assert (tally.reopened, tally.failed, tally.blocked) == (1, 0, ())
    (rest,) = tally.rests.values()
    assert "SHADE" not in rest.payload["values"]
    assert rest == replace(made, payload=rest.payload)
    (alone,) = books.rows(operation, cell="SHADE")
    assert (alone.state, alone.action, alone.category) == (State.FAILED, "update", "data")
    assert (alone.code, alone.error, alone.hint) == (DATA.code, DATA.error, DATA.hint)
    assert json.loads(alone.payload) == {"values": {"SHADE": "dull"}}
    before = made.before.get("values", {}).get("SHADE")
    assert json.loads(alone.before) == {"values": {"SHADE": before}}
    chosen = books.ready(run_id)
    assert names(chosen) == ["a"]
    assert chosen[0].operation.payload == rest.payload


def test_the_finding_names_the_cell(books: Books):
    """The line, the column and what monday said."""
    refused(books, "SHADE")
    (found,) = reading.findings(books.ledger)
    assert (found["rule"], found["record_uuid"], found["source_column"]) == (
        "refused",
        "a",
        "SHADE",
    )
    assert found["message"] == '"SHADE" was refused, the rest was sent: no such label'


def test_a_line_without_a_cell_is_not_whole(books: Books):
    """Its hash stays NULL; the item stands with what was sent."""
    refused(books, "SHADE")
    assert books.hashes() == {"a": None}
    shown = knowledge.delivered_items(books.ledger, ["a"])["a"]
    assert shown.values == {"NOTE": "x", "LINE KEY": "a"}


def test_refused_cells_are_known_to_the_next_plan(books: Books):
    """Under the same mapping, and apart from operations that were refused as a whole."""
    refused(books, "SHADE", "NOTE")
    assert knowledge.refused_cells(books.ledger, "v1", {}) == {"a": {"SHADE": "dull", "NOTE": "x"}}
    assert knowledge.refused_cells(books.ledger, "v2", {}) == {}
    assert knowledge.refused_payloads(books.ledger, "v1", {}) == {}
    assert knowledge.failed_lines(books.ledger, ALL_RUNS) == {"a"}


def test_the_last_refusal_of_a_cell_counts(books: Books):
    """A second value that was refused holds the second, not the first."""
    refused(books, "SHADE")
    run_id, held = books.run(planned([line("a", Outcome.FAILED)], [change(SHADE="pale", NOTE="z")]))
    books.record(held, books.take(run_id, held), without("SHADE"))
    assert knowledge.refused_cells(books.ledger, "v1", {}) == {"a": {"SHADE": "pale"}}


def test_a_refused_cell_stays_while_another_is_written(books: Books):
    """The hold and its finding stay; the line is still not whole."""
    refused(books, "SHADE")
    run_id, held = books.run(planned([line("a", Outcome.FAILED)], [change(NOTE="z")]))
    books.record(held, books.take(run_id, held), *done("5"))
    assert cells(books) == ["SHADE"]
    assert [found["source_column"] for found in reading.findings(books.ledger)] == ["SHADE"]
    assert books.hashes() == {"a": None}


def test_a_line_that_is_planned_whole_lifts_the_hold(books: Books):
    """The cell's value or the mapping changed: its refusal is history, and so is the finding."""
    refused(books, "SHADE")
    run_id, held = books.run(planned([line("a", Outcome.UPDATED)], [change(SHADE="bright")]))
    books.record(held, books.take(run_id, held), *done("5"))
    assert cells(books, State.SUPERSEDED) == ["SHADE"]
    assert reading.findings(books.ledger) == []
    assert books.hashes() == {"a": "hash of a"}
    assert knowledge.refused_cells(books.ledger, "v1", {}) == {}


def test_a_cell_that_was_mended_beside_one_that_was_not(books: Books):
    """The mended cell's refusal is history as soon as it is written; the other one stays."""
    refused(books, "SHADE", "NOTE")
    mended = planned([line("a", Outcome.FAILED)], [change(SHADE="bright")])
    run_id, held = books.run(mended)
    books.record(held, books.take(run_id, held), *done("5"))
    assert cells(books) == ["NOTE"]
    assert [found["source_column"] for found in reading.findings(books.ledger)] == ["NOTE"]


def test_who_lost_the_board_splits_nothing_off(books: Books):
    """The failed cell and the rest are one transaction, guarded by the lock."""
    run_id, held = books.run(planned([line("a")], [whole_item()]))
    stored = books.take(run_id, held)
    books.run()
    before = books.everything()
    with pytest.raises(Exception, match=f"board {BOARD}: 1 of 1 rows were not ours"):
        books.record(held, stored, without("SHADE"))
    assert books.everything() == before
