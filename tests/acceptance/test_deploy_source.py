"""`deploy --source`: columns for other programs, which no run reads or misses."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from customer_orders.demo import sample
from place import Place

Places = Callable[..., Place]
TWO = ("line_uuid", "row_hash")


@pytest.fixture
def place(places: Places) -> Place:
    """PO 4755, delivered."""
    made = places(lines=sample.po_4755())
    made.apply()
    return made


def no_changes(place: Place) -> None:
    """The next plan has nothing to do and counts every line as unchanged."""
    document = place.call("plan", "--detailed-exitcode", "--json").json
    assert document["operations"] == []
    assert document["items"] == {"unchanged": 69}
    assert place.call("verify", "--json").json["differences"] == []


def test_no_line_looks_changed(place: Place) -> None:
    """Filled in, blank again, or gone with a rebuilt table: the lines are the same."""
    told = place.call("deploy", "--source").out
    assert "the source has line_uuid, row_hash; line_uuid and row_hash of 69 of 69 rows" in told
    no_changes(place)
    found = place.sql("SELECT count(DISTINCT line_uuid), count(row_hash) FROM ORDERS_UNIFIED")
    assert found == [(69, 69)]
    ledger = place.sql(
        "SELECT record_uuid, row_hash FROM orders_unified_snapshot", database="ledger.db"
    )
    assert {*place.sql("SELECT line_uuid, row_hash FROM ORDERS_UNIFIED")} == {*ledger}
    place.sql("UPDATE ORDERS_UNIFIED SET line_uuid = NULL, row_hash = NULL")
    no_changes(place)
    sample.write_sqlite(place.source, sample.po_4755())
    no_changes(place)


def test_a_second_time_there_is_nothing_to_do(place: Place) -> None:
    """It says so, and the file stays as it is, byte by byte."""
    place.call("deploy", "--source")
    before = place.source.read_bytes()
    document = place.call("deploy", "--source", "--json").json
    assert document["done"][1:] == [
        "the source has line_uuid and row_hash in every row that needs them (69 rows)"
    ]
    assert place.source.read_bytes() == before
    assert place.call("deploy", "--source", "--sql").out == ""


def test_it_can_be_reviewed_before(place: Place) -> None:
    """--sql prints the statements alone, --dry-run what comes of them too; neither writes."""
    before = place.source.read_bytes()
    sql = place.call("deploy", "--source", "--sql").out
    assert sql.splitlines() == [
        'ALTER TABLE "ORDERS_UNIFIED" ADD line_uuid VARCHAR(36);',
        'ALTER TABLE "ORDERS_UNIFIED" ADD row_hash VARCHAR(64);',
        'UPDATE "ORDERS_UNIFIED" SET line_uuid=?, row_hash=? WHERE "ORDERS_UNIFIED".rowid = ?;',
        'CREATE INDEX "line_uuid of ORDERS_UNIFIED" ON "ORDERS_UNIFIED" (line_uuid);',
    ]
    dry = place.call("deploy", "--source", "--dry-run").out
    assert sql in dry
    assert "the source would get line_uuid, row_hash" in dry
    _, *planned, told = place.call("deploy", "--source", "--dry-run", "--json").json["planned"]
    assert planned == sql.splitlines()
    assert told in dry
    assert place.source.read_bytes() == before


def test_lines_that_cannot_be_told_lose_theirs(place: Place) -> None:
    """Two lines get one key at a time: nobody knows which is which, and no mark says otherwise."""
    place.call("deploy", "--source")
    (twin,) = place.sql(
        'SELECT "AAG ORDER NUMBER" FROM ORDERS_UNIFIED GROUP BY 1 HAVING count(*) > 1 ORDER BY 1'
    )[0]
    key = '"PLANNED DELIVERY METHOD" = \'RAIL\', "ALIAS/RELATED ITEM" = NULL'
    place.sql(f'UPDATE ORDERS_UNIFIED SET {key} WHERE "AAG ORDER NUMBER" = ?', twin)
    told = place.call("deploy", "--source").out
    assert "2 rows stay without, as their line cannot be told" in told
    assert told.count(f", {twin}: the line cannot be told: its key changed") == 2
    blank = place.sql('SELECT "AAG ORDER NUMBER" FROM ORDERS_UNIFIED WHERE line_uuid IS NULL')
    assert blank == [(twin,), (twin,)]


def test_before_there_is_a_ledger(places: Places) -> None:
    """What it would do can be asked first of all."""
    place = places(lines=sample.po_4755(), deployed=False)
    assert "69 of 69 rows" in place.call("deploy", "--source", "--dry-run").out
    assert not place.ledger.exists()


def test_source_and_ledger_in_one_file(place: Place) -> None:
    """What the ledger knows is asked before the file is locked."""
    other = place.other(("sqlite:///source.db", "sqlite:///ledger.db"))
    sample.write_sqlite(place.ledger, sample.po_4755())
    assert "69 of 69 rows were written" in place.call(*other, "deploy", "--source").out
    assert "in every row that needs them" in place.call(*other, "deploy", "--source").out
