"""`check` row by row: what is wrong in one place, and that it hides nothing else."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import pytest

from customer_orders.demo import sample
from customer_orders.demo.board import BOARD_ID
from place import Place

KEY = '"AAG ORDER NUMBER"'
NAME = 'name = "Customer Master Schedule"'
COLUMN = '\n[mapping.columns]\n"{}" = {{ from = "{}" }}\n'
Row = Mapping[str, str]


@pytest.fixture(scope="module")
def place(places: Callable[..., Place]) -> Place:
    """A place in which all is well; each test brings a fault of its own."""
    return places()


def check(place: Place, *options: str, code: int = 0) -> dict[str, Row]:
    """The rows by what they are about; `ready` says what the exit code says."""
    sent = place.mutations()
    document: dict[str, Any] = place.call(*options, "check", "--json", code=code).json
    assert document["ready"] is (code == 0)
    assert any(row["status"] == "failed" for row in document["checks"]) is (code != 0)
    assert place.mutations() == sent
    return {row["what"]: row for row in document["checks"]}


def failed(rows: Mapping[str, Row]) -> list[str]:
    """What the failed rows are about."""
    return [what for what, row in rows.items() if row["status"] == "failed"]


def test_all_is_well(place: Place) -> None:
    """Every question has its row, and each says what was found."""
    rows = check(place)
    assert list(rows)[:10] == [
        "configuration",
        "source",
        "source columns",
        "record_uuid and row_hash",
        "ledger",
        "token",
        "board",
        "key column",
        "columns",
        "ownership",
    ]
    assert rows["source"]["found"] == (
        "70 rows with all 46 columns that the mapping needs, and 161 size columns"
    )
    assert "69 lines: 69 to make" in rows["order lines"]["found"]
    assert "0 of 10000 in use, 69 to make" in rows["room for items"]["found"]
    assert "264 to make" in rows["room for subitems"]["found"]
    assert "of 22500 on the plan enterprise" in rows["calls"]["found"]
    assert "ORDER STATUS" in rows["ownership"]["found"]
    assert all(row["hint"] or row["status"] == "passed" for row in rows.values())


def test_identity_columns_of_the_source(place: Place) -> None:
    """Which of the two are there is said; neither is needed."""
    what = "record_uuid and row_hash"
    row = check(place)[what]
    assert "there: record_uuid; not there: line_uuid, row_hash" in row["found"]
    assert 'ALTER TABLE "ORDERS_UNIFIED" ADD line_uuid VARCHAR(36)' in row["hint"]
    place.sql('alter table ORDERS_UNIFIED add column row_hash text')  # fmt: skip
    try:
        assert "there: record_uuid, row_hash" in check(place)[what]["found"]
    finally:
        place.sql("alter table ORDERS_UNIFIED drop column row_hash")


def mended(place: Place, *names: str) -> None:
    """What the failed rows of these columns name makes the check pass."""
    rows = check(place, code=1)
    columns = [f"source column {name}" for name in names]
    assert failed(rows) == ["source", *columns]
    for column in columns:
        place.sql(rows[column]["hint"].partition("; or ")[0])
    assert check(place)["source columns"]["status"] == "passed"


def test_a_column_under_another_name(place: Place) -> None:
    """The nearest name that nothing else is fed from, and the statement that renames it."""
    place.sql('ALTER TABLE ORDERS_UNIFIED RENAME COLUMN "FREIGHT" TO "FREIGHTS"')
    place.sql('ALTER TABLE ORDERS_UNIFIED RENAME COLUMN "HS CODE" TO "HS_CODE"')
    mended(place, "FREIGHT", "HS CODE")


def test_a_column_that_is_missing(place: Place) -> None:
    """The statement that adds it, with the type that the code expects."""
    place.sql('ALTER TABLE ORDERS_UNIFIED DROP COLUMN "PLANNED DELIVERY METHOD"')
    mended(place, "PLANNED DELIVERY METHOD")


def test_a_size_of_text(place: Place) -> None:
    """A quantity that would not be carried is a warning: the rest of the line can go."""
    place.sql("ALTER TABLE ORDERS_UNIFIED RENAME TO kept")
    try:
        listed = ", ".join(
            f'"{n}" {"TEXT" if n == "XL" else "INTEGER" if kind == "INT" else "TEXT"}'
            for n, kind in sample.columns()
        )
        place.sql(f"CREATE TABLE ORDERS_UNIFIED ({listed})")
        place.sql("INSERT INTO ORDERS_UNIFIED SELECT * FROM kept")
        row = check(place)["source column XL"]
        assert (row["status"], row["hint"]) == ("warning", "load it as a column of integers")
        assert "is no size" in row["found"]
    finally:
        place.sql("DROP TABLE ORDERS_UNIFIED")
        place.sql("ALTER TABLE kept RENAME TO ORDERS_UNIFIED")


def test_a_source_that_is_not_there(place: Place) -> None:
    """One failed row; token, board and columns are looked at all the same."""
    rows = check(place, *place.other(("sqlite:///source.db", "sqlite:///none.db")), code=1)
    assert failed(rows) == ["source"]
    assert rows["columns"]["status"] == rows["token"]["status"] == "passed"
    assert "not looked at" in rows["order lines"]["found"]


def test_a_ledger_without_tables(place: Place) -> None:
    """What the first run would need is known before `deploy`; nothing is made."""
    rows = check(place, *place.other(("sqlite:///ledger.db", "sqlite:///new.db")), code=1)
    assert failed(rows) == ["ledger"]
    assert "customer-orders deploy" in rows["ledger"]["hint"]
    assert "69 to make" in rows["order lines"]["found"]
    assert not (place.folder / "new.db").exists()


def test_a_token_that_is_not_set(place: Place) -> None:
    """The board cannot be looked at; source and ledger are."""
    other = place.other(('token = "emulator-demo"', 'token = "env/NOT_SET"'))
    rows = check(place, *other, code=1)
    assert failed(rows) == ["token"]
    assert (rows["source"]["status"], rows["ledger"]["status"]) == ("passed", "passed")
    assert "not looked at" in rows["board"]["found"]


def test_a_board_with_another_name(place: Place) -> None:
    """Both names are told; its columns are looked at all the same."""
    rows = check(place, *place.other((NAME, 'name = "Development"')), code=1)
    assert failed(rows) == ["board"]
    assert '"Customer Master Schedule"' in rows["board"]["found"]
    assert '"Development"' in rows["board"]["found"]
    assert rows["columns"]["status"] == "passed"


def test_a_board_that_is_not_there(place: Place) -> None:
    """Named by its id."""
    rows = check(place, *place.other((BOARD_ID, "123")), code=1)
    assert failed(rows) == ["board"]
    assert "board 123 is not there" in rows["board"]["found"]


def test_every_fault_of_a_board_has_its_row(place: Place) -> None:
    """Name, key column, column and ownership at once: none hides another."""
    more = COLUMN.format("NOTEZ", "NOTES") + '"PACKED QTY" = { from = "NOTES" }\n'
    other = place.other((NAME, 'name = "X"'), ('"LINE KEY"', '"KEY"'), more=more)
    rows = check(place, *other, code=1)
    assert failed(rows) == ["board", "key column", "columns", "ownership"]
    assert "deploy --board" in rows["key column"]["hint"]
    assert 'column "NOTEZ" is missing (nearest: "NOTES")' in rows["columns"]["found"]
    assert "PACKED" not in rows["columns"]["found"]
    assert 'column "PACKED QTY" belongs to others' in rows["ownership"]["found"]


@pytest.mark.parametrize(
    "edit",
    [
        ('"LINE KEY"', '"matchAlias"'),
        ('"LINE KEY"', '"STYLE"'),
        ('"LINE KEY"', '"ORDER QTY"'),
        ("[customers]", '[mapping]\nsubitem_size = "Cut Qty"\n\n[customers]'),
        ("[customers]", '[mapping]\nsubitem_quantity = "Name"\n\n[customers]'),
        ("[customers]", '[mapping.columns."STYLE"]\ntype = "date"\nfrom = "NOTES"\n\n[customers]'),
    ],
)
def test_what_stops_a_run_fails_a_check(place: Place, edit: tuple[str, str]) -> None:
    """The rows are the rules of a run: what `plan` refuses about a board, `check` fails."""
    other = place.other(edit)
    assert "board" in place.call(*other, "plan", "--json", code=1).json["error"]["message"]
    assert failed(check(place, *other, code=1))


@pytest.fixture
def dirty(places: Callable[..., Place]) -> Place:
    """One line with an unknown customer, one with an unknown order type."""
    place = places()
    place.sql(f"update ORDERS_UNIFIED set \"CUSTOMER NAME\" = 'WHO?' where {KEY} = 'GRE-04261'")
    place.sql(f"update ORDERS_UNIFIED set \"ORDER TYPE\" = 'MAYBE' where {KEY} = 'GRE-04262'")
    return place


def test_labels_that_are_missing(dirty: Place) -> None:
    """By column: how many are new and will be made, or are refused, and which."""
    rows = check(dirty)
    assert rows["labels: ORDER TYPE"]["status"] == "warning"
    assert "1 refused: MAYBE" in rows["labels: ORDER TYPE"]["found"]
    assert "[mapping.labels] create" in rows["labels: ORDER TYPE"]["hint"]
    assert "1 will be made: 2025 FALL" in rows["labels: AAG SEASON"]["found"]
    assert rows["labels: AAG SEASON"]["status"] == "passed"
    assert "none missing" in rows["labels: CUSTOMER"]["found"]
    assert rows["order lines"]["status"] == "warning"
    assert "1 held by a finding" in rows["order lines"]["found"]
    assert "1 by customer" in rows["order lines"]["hint"]


def test_sizes_that_may_not_become_labels(dirty: Place) -> None:
    """A size is refused by its name, not by its quantity."""
    other = dirty.other(("[customers]", '[mapping.labels]\ncreate = ["DROP"]\n\n[customers]'))
    found = check(dirty, *other)["labels: Size"]["found"]
    assert "refused: " in found
    assert "2XL" in found


def test_a_board_without_room(places: Callable[..., Place]) -> None:
    """A plan that does not fit is a failed row, with the numbers; the labels are known still."""
    place = places()
    state = place.admin("state")
    state["boards"][0]["items_limit"] = 60
    place.admin("state", state)
    rows = check(place, code=1)
    assert failed(rows) == ["room for items"]
    assert "0 of 60 items, 69 more would be made" in rows["room for items"]["found"]
    assert "1 will be made" in rows["labels: AAG SEASON"]["found"]
    state["boards"][0]["items_limit"] = 70
    place.admin("state", state)
    assert check(place)["room for items"]["status"] == "warning"


def test_more_calls_than_a_day_has(place: Place) -> None:
    """A warning: --limit spreads them over days."""
    edits = ('plan = "enterprise"', 'plan = "free"\naliases = 1\nreserve_daily_calls = 0.9')
    calls = check(place, *place.other(edits))["calls"]
    assert calls["status"] == "warning"
    assert "334 calls" in calls["found"]
    assert "of 100 on the plan free" in calls["found"]


def test_a_source_that_shrank(places: Callable[..., Place]) -> None:
    """The guard is asked as a run asks it, and the rows of the plan are there all the same."""
    place = places()
    place.apply()
    place.sql("delete from ORDERS_UNIFIED where rowid > 30")
    rows = check(place, code=1)
    assert failed(rows) == ["guards"]
    assert "the last complete read had 69" in rows["guards"]["found"]
    assert rows["order lines"]["status"] == "passed"
