"""Rows with equal keys: numbered once, matched by hash, and stopped where nobody can tell."""

from typing import Any

import pytest
from detecting import Row, delivered, detected, order, remembered, verdicts

from customer_orders.changes import Changes


def twin(price: str, **cells: str | None) -> Row:
    """A row whose key is that of every other twin."""
    return order(PRICE=price, **cells)


def found(changes: Changes) -> dict[str | None, str]:
    """Price -> record_uuid of the lines that are looked at."""
    return {line.values["PRICE"]: line.record_uuid for line in changes.lines()}


def entry_of(entries: list[dict[str, Any]], row: Row) -> dict[str, Any]:
    """What the snapshot has about a row, by its hash."""
    (line,) = detected([row]).lines()
    return next(entry for entry in entries if entry["seen_hash"] == line.row_hash)


def test_twins_as_they_were_are_unchanged() -> None:
    """The order of twins in the source means nothing: each is found by its content."""
    entries = delivered(twin("1"), twin("2"), twin("3"))
    changes = detected([twin("3"), twin("1"), twin("2")], entries)
    assert verdicts(changes) == {}
    assert (changes.missing, sum(t.lines for t in changes.unchanged)) == ([], 3)


def test_one_twin_that_changed_is_told_by_the_others() -> None:
    """The equal ones are matched first; one left on each side is the line that changed."""
    entries = delivered(twin("1"), twin("2"), twin("3"))
    changes = detected([twin("9"), twin("3"), twin("1")], entries)
    assert verdicts(changes) == {1: "changed"}
    assert found(changes) == {"9": entry_of(entries, twin("2"))["record_uuid"]}


def test_two_twins_that_changed_are_stopped() -> None:
    """Two left on each side are held with a finding each; nothing is guessed."""
    entries = delivered(twin("1"), twin("2"), twin("3"))
    changes = detected([twin("8"), twin("9"), twin("1")], entries)
    assert verdicts(changes) == {1: "equal keys", 2: "equal keys"}
    assert changes.missing == []
    assert all("more than one of them changed" in held.finding.message for held in changes.held())


@pytest.mark.parametrize(
    ("before", "now"),
    [
        (("1",), ("8", "9")),
        (("1", "2"), ("8", "9", "7")),
        (("1", "2", "3"), ("1", "9")),
        (("1", "2"), ("9",)),
    ],
)
def test_unequal_numbers_left_are_stopped(before: tuple[str, ...], now: tuple[str, ...]) -> None:
    """Where more is left on one side than on the other, all that is left is held."""
    changes = detected([*map(twin, now)], delivered(*map(twin, before)))
    left = {row for row, price in enumerate(now, 1) if price not in before}
    assert verdicts(changes) == dict.fromkeys(left, "equal keys")
    assert changes.missing == []


def test_third_twin_gets_a_fresh_ordinal() -> None:
    """A twin that arrives later is new, wherever it stands in the order of content."""
    entries = delivered(twin("2"), twin("3"))
    changes = detected([twin("1"), twin("2"), twin("3")], entries)
    (line,) = changes.lines()
    assert (line.row, line.ordinal, str(line.kind)) == (1, 3, "new")
    assert line.record_uuid not in {entry["record_uuid"] for entry in entries}


def test_single_line_gets_a_twin() -> None:
    """The single line is the first of its key; its twin becomes the second."""
    entries = delivered(twin("5"))
    assert entries[0]["ordinal"] == 1
    (line,) = detected([twin("1"), twin("5")], entries).lines()
    assert (line.row, line.ordinal) == (1, 2)


def test_twin_that_is_gone_is_missing_and_its_ordinal_stays_used() -> None:
    """A missing twin keeps its number; one that arrives afterwards takes the next."""
    entries = delivered(twin("1"), twin("2"))
    gone = entry_of(entries, twin("2"))
    assert detected([twin("1")], entries).missing == [gone["record_uuid"]]
    three = entries + remembered(detected([twin("1"), twin("2"), twin("3")], entries).lines())
    changes = detected([twin("1"), twin("3")], three)
    assert (verdicts(changes), changes.missing) == ({}, [gone["record_uuid"]])
    (late,) = detected([twin("1"), twin("2"), twin("3"), twin("4")], three).lines()
    assert late.ordinal == 4


def test_identical_twins_are_two_lines() -> None:
    """Rows that are equal in every cell are counted apart, and each is matched once."""
    entries = delivered(twin("1"), twin("1"))
    assert len({entry["record_uuid"] for entry in entries}) == 2
    changes = detected([twin("1"), twin("1")], entries)
    assert (verdicts(changes), changes.missing) == ({}, [])
    second = max(entries, key=lambda entry: entry["ordinal"])
    assert detected([twin("1")], entries).missing == [second["record_uuid"]]
    (third,) = detected([twin("1")] * 3, entries).lines()
    assert third.ordinal == 3


def test_one_of_identical_twins_changes() -> None:
    """One of two equal rows changed: the one left over is it."""
    entries = delivered(twin("1"), twin("1"))
    changes = detected([twin("9"), twin("1")], entries)
    assert verdicts(changes) == {1: "changed"}
    assert sum(tally.lines for tally in changes.unchanged) == 1


def test_twins_not_known_to_be_delivered_are_told_by_the_hash_seen_last() -> None:
    """Where row_hash is NULL the hash that was planned last tells them apart."""
    entries = [entry | {"row_hash": None} for entry in delivered(twin("1"), twin("2"))]
    changes = detected([twin("2"), twin("1")], entries)
    assert verdicts(changes) == {1: "again", 2: "again"}
    assert found(changes) == {
        price: entry_of(entries, twin(price))["record_uuid"] for price in ("1", "2")
    }


def test_twins_of_one_key_leave_others_alone() -> None:
    """Twins that are stopped stop no line with another key."""
    entries = delivered(twin("1"), twin("2"), order(NUMBER="N9"))
    changes = detected(
        [twin("8"), twin("9"), order(NUMBER="N9", PRICE="1"), order(PO="5")], entries
    )
    assert verdicts(changes) == {1: "equal keys", 2: "equal keys", 3: "changed", 4: "new"}


def test_new_twins_of_different_keys_are_numbered_each_from_one() -> None:
    """Ordinals are counted by key."""
    rows = [order(NUMBER=number, PRICE=price) for number in "AB" for price in "12"]
    lines = list(detected(rows).lines())
    assert [line.ordinal for line in lines] == [1, 2, 1, 2]
    assert len({line.record_uuid for line in lines}) == 4
