"""The states of operations: one diagram, in five places."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from customer_orders.ledger import Ledger, Move, RunStatus, State
from customer_orders.ledger.schema import operation, run

DOCS = Path(__file__).parents[3] / "docs"
PAGE = DOCS / "states.md"
EDGE = re.compile(r"^ +(\w+) --> (\w+): (\w+)$", re.MULTILINE)


def test_the_diagram_draws_every_move():
    """docs/states.md draws exactly the moves of the enumeration, from and to the same states."""
    drawn = {name: (before, after) for before, after, name in EDGE.findall(PAGE.read_text())}
    assert drawn == {move.name: tuple(map(str, move.value)) for move in Move}


def test_the_diagram_draws_every_state():
    """Each state stands in the diagram, and the one that operations begin in is marked."""
    diagram = PAGE.read_text().split("```")[1]
    assert set(re.findall(r"\b[a-z]+\b", diagram)) - {"mermaid", "v2"} == set(State)
    assert f"[*] --> {State.PENDING}" in diagram


def test_the_page_on_delivery_has_the_same_diagram():
    """docs/delivery.md is read by itself, so it repeats the diagram, letter by letter."""
    diagram = PAGE.read_text().split("```")[1]
    assert f"```{diagram}```" in (DOCS / "delivery.md").read_text()


@pytest.mark.parametrize("move", Move, ids=lambda move: move.name)
def test_every_move_is_told_in_a_sentence(move: Move):
    """Under the diagram each move has a paragraph of its own."""
    assert re.search(rf"^- \*\*{move.name}\*\* .+\.$", PAGE.read_text().replace("\n  ", " "), re.M)


def words(constraint: str) -> set[str]:
    """The words that a CHECK constraint lists."""
    return set(re.findall(r"'(\w+)'", constraint))


@pytest.mark.parametrize(("table", "words_of"), [(operation, State), (run, RunStatus)])
def test_the_schema_checks_the_same_words(table, words_of):
    """The CHECK constraint holds the words of the enumeration."""
    (check,) = [c for c in table.constraints if str(c.name or "").endswith("_is_known")]
    assert words(str(check.sqltext)) == set(words_of)


@pytest.mark.parametrize(("table", "words_of"), [("operation", State), ("run", RunStatus)])
def test_the_database_checks_the_same_words(tmp_path: Path, table: str, words_of):
    """What the migrations made holds them as well."""
    ledger = Ledger(f"sqlite:///{tmp_path / 'ledger.db'}")
    ledger.deploy()
    with ledger.transaction() as connection:
        query = f"select sql from sqlite_master where type = 'table' and name = '{table}'"
        text = connection.exec_driver_sql(query).scalar() or ""
    ledger.close()
    assert words(text[text.index("_is_known") :]) == set(words_of)


def test_every_state_can_be_reached_and_left():
    """Two states are the end of every road; failed ends one road and begins another."""
    reached = {after for _, after in (move.value for move in Move)} | {State.PENDING}
    left = {before for before, _ in (move.value for move in Move)}
    assert reached == set(State)
    assert set(State) - left == {State.DELIVERED, State.SUPERSEDED}
