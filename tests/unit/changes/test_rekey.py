"""A key column that changed in real life: the line keeps its id where that is beyond doubt."""

import pytest
from detecting import COLUMNS, ORDER, delivered, detected, keyed, order, remembered, verdicts

from customer_orders.changes import line_uuid


@pytest.mark.parametrize(
    "cells", [{"METHOD": "AIR"}, {"METHOD": None}, {"STYLE": "MFA25B61"}, {"METHOD": "a\x1fb"}]
)
def test_line_with_one_other_key_cell_keeps_its_id(cells: dict[str, str | None]) -> None:
    """One new and one missing line that differ in one key cell are the same line."""
    entries = delivered(ORDER, order(NUMBER="N2"))
    changes = detected([order(**cells), order(NUMBER="N2")], entries)
    (line,) = changes.lines()
    assert str(line.kind) == "changed"
    assert line.record_uuid == entries[0]["record_uuid"]
    assert line.line_key != entries[0]["line_key"]
    assert (changes.missing, changes.known) == ([], [line.record_uuid])


def test_rekeyed_line_is_known_by_its_new_key() -> None:
    """Once the new key is in the snapshot the line is unchanged, under its old id."""
    entries = delivered(ORDER)
    rekeyed = remembered(detected([order(METHOD="AIR")], entries).lines())
    changes = detected([order(METHOD="AIR")], rekeyed)
    assert (verdicts(changes), changes.missing) == ({}, [])
    assert rekeyed[0]["record_uuid"] == entries[0]["record_uuid"]


@pytest.mark.parametrize(
    "cells",
    [
        {"METHOD": "AIR", "STYLE": "OTHER"},
        {"NUMBER": "N2"},
        {"PO": "200"},
        {"PO": "200", "METHOD": "AIR"},
        {"PO": None},
    ],
)
def test_other_lines_are_new_and_missing(cells: dict[str, str | None]) -> None:
    """Two other key cells, or another order number or PO: a new line and a missing one."""
    entries = delivered(ORDER)
    changes = detected([order(**cells)], entries)
    assert verdicts(changes) == {1: "new"}
    assert changes.missing == [entries[0]["record_uuid"]]


def test_two_missing_lines_for_one_row_stop_it() -> None:
    """Where two missing lines could be the one, the row is held with a finding."""
    entries = delivered(ORDER, order(METHOD="RAIL"))
    changes = detected([order(METHOD="AIR")], entries)
    assert verdicts(changes) == {1: "rekeyed"}
    (held,) = changes.held()
    assert (held.finding.row, held.finding.value) == (1, "TOR-00001")
    assert "its key changed" in held.finding.message


def test_two_rows_for_one_missing_line_stop_both() -> None:
    """Where two new rows could be the missing line, both are held."""
    entries = delivered(ORDER)
    changes = detected([order(METHOD="AIR"), order(METHOD="RAIL")], entries)
    assert verdicts(changes) == {1: "rekeyed", 2: "rekeyed"}


def test_line_that_is_still_there_is_no_candidate() -> None:
    """A new line beside one that did not go away is new."""
    changes = detected([ORDER, order(METHOD="AIR")], delivered(ORDER))
    assert verdicts(changes) == {2: "new"}
    assert changes.missing == []


def test_two_lines_are_rekeyed_apart() -> None:
    """Pairs of different orders do not disturb each other."""
    entries = delivered(ORDER, order(NUMBER="N2"))
    rows = [order(NUMBER="N2", METHOD="AIR"), order(METHOD="AIR")]
    lines = list(detected(rows, entries).lines())
    assert [line.record_uuid for line in lines] == [
        entries[1]["record_uuid"],
        entries[0]["record_uuid"],
    ]


@pytest.mark.parametrize("anchor", [(), ("ELSEWHERE",)])
def test_nothing_is_rekeyed_without_an_anchor(anchor: tuple[str, ...]) -> None:
    """Without anchor columns in the key no two keys are taken for one line."""
    columns = keyed(*COLUMNS.key, anchor=anchor)
    entries = delivered(ORDER, columns=columns)
    changes = detected([order(METHOD="AIR")], entries, columns)
    assert verdicts(changes) == {1: "new"}
    assert changes.missing == [entries[0]["record_uuid"]]


def test_new_line_with_the_old_key_gets_a_free_ordinal() -> None:
    """The id of a key is not given out again while a re-keyed line bears it."""
    entries = delivered(ORDER)
    rekeyed = remembered(detected([order(METHOD="AIR")], entries).lines())
    (line,) = detected([order(METHOD="AIR"), ORDER], rekeyed).lines()
    assert (str(line.kind), line.ordinal) == ("new", 2)
    assert line.record_uuid == line_uuid(line.line_key, 2)
    assert line.record_uuid != entries[0]["record_uuid"]


def test_new_twins_with_the_old_key_get_free_ordinals() -> None:
    """Two at a time do not collide either, and the order of the rows does not count."""
    rekeyed = remembered(detected([order(METHOD="AIR")], delivered(ORDER)).lines())
    rows = [order(METHOD="AIR"), ORDER, order(PRICE="1")]
    forth = {x.values["PRICE"]: x.record_uuid for x in detected(rows, rekeyed).lines()}
    back = {x.values["PRICE"]: x.record_uuid for x in detected(rows[::-1], rekeyed).lines()}
    assert forth == back
    ids = {*forth.values(), rekeyed[0]["record_uuid"]}
    assert len(ids) == 3


def test_rekeying_to_a_key_with_twins() -> None:
    """A line may take a key that another line has: they are twins from then on."""
    entries = delivered(ORDER, order(METHOD="AIR", PRICE="9"))
    rows = [order(METHOD="AIR"), order(METHOD="AIR", PRICE="9")]
    (line,) = detected(rows, entries).lines()
    assert (line.row, line.record_uuid) == (1, entries[0]["record_uuid"])
    both = [*remembered([line]), entries[1]]
    assert verdicts(detected(rows, both)) == {}
    (third,) = detected([*rows, order(METHOD="AIR", PRICE="5")], both).lines()
    assert third.record_uuid not in {entry["record_uuid"] for entry in both}


def test_rekeyed_and_changed_at_once() -> None:
    """The values of a re-keyed line may change with its key."""
    entries = delivered(ORDER)
    (line,) = detected([order(METHOD="AIR", PRICE="1", S="99")], entries).lines()
    assert line.record_uuid == entries[0]["record_uuid"]
    assert line.sizes["S"] == "99"
