"""Who a line is: its key, its record_uuid and its ordinal."""

import re
import uuid

import pyarrow as pa
import pytest
from detecting import (
    COLUMNS,
    ORDER,
    Row,
    delivered,
    detected,
    keyed,
    known,
    line_of,
    order,
    orders,
    verdicts,
)
from hypothesis import given, settings
from hypothesis import strategies as st

from customer_orders.changes import detect, line_uuid
from customer_orders.changes.detect import STATEMENTS
from customer_orders.changes.identity import NAMESPACE
from customer_orders.config import source_types
from customer_orders.databases import DUCKDB

UPPER = str.maketrans("abcdefghijklmnopqrstuvwxyz", "ABCDEFGHIJKLMNOPQRSTUVWXYZ")


def documented_key(*cells: str | None) -> str:
    """The key in words: trimmed, A to Z upper-cased, escaped, joined."""
    trimmed = [(cell or "").strip(" \t\r\n\u00a0").translate(UPPER) for cell in cells]
    return "\x1f".join(c.replace("\\", "\\\\").replace("\x1f", "\\x1f") for c in trimmed)


def test_namespace_is_one() -> None:
    """The bytes in detect.sql are those of the constant in Python."""
    literal = re.search(r"'((?:\\x[0-9a-f]{2}){16})'::blob", STATEMENTS)
    assert literal
    assert bytes.fromhex(literal[1].replace("\\x", "")) == NAMESPACE.bytes


cell = st.none() | st.text(max_size=12) | st.text(alphabet=" aZé\u00a0\t\\\x1fx1'\"", max_size=8)
keys = st.tuples(cell.map(lambda text: f"N{text or ''}"), cell, cell, cell)


@settings(max_examples=60, deadline=None)
@given(st.lists(keys, min_size=1, max_size=20))
def test_record_uuid_is_that_of_python(found: list[tuple[str | None, ...]]) -> None:
    """Whatever the cells hold, DuckDB makes the key as words have it and uuid.uuid5 of it."""
    rows = [order(**dict(zip(COLUMNS.key, cells, strict=True))) for cells in found]
    lines = list(detected(rows).lines())
    assert [line.line_key for line in lines] == [documented_key(*cells) for cells in found]
    for line in lines:
        name = line.line_key if line.ordinal == 1 else f"{line.line_key}\x1f{line.ordinal}"
        assert line.record_uuid == str(uuid.uuid5(NAMESPACE, name))
        assert line.record_uuid == line_uuid(line.line_key, line.ordinal)


@pytest.mark.parametrize(
    "text",
    [
        "a\\b",
        "a\x1fb",
        "O'DRAVEN",
        '001 - "BLACK"',
        "318 - MOOSGRÜN",
        "470 - ROBIN’S EGG",
        "\\x1f",
        "\U0001f455",
        "%s {0} $1 ?",
        "x'); drop table line; --",
    ],
)
def test_record_uuid_of_awkward_texts(text: str) -> None:
    """Quotes, separators, backslashes, umlauts and symbols are only text."""
    expected = uuid.uuid5(NAMESPACE, documented_key("TOR-00001", text, "100", "SEA"))
    assert line_of(order(STYLE=text)).record_uuid == str(expected)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (order(STYLE="  mfa25b60\t"), order(STYLE="MFA25B60")),
        (order(STYLE="MFA25B60\u00a0\r\n"), order(STYLE="MFA25B60")),
        (order(PO="100 "), order(PO="100")),
        (order(METHOD=None), order(METHOD=" ")),
        (order(METHOD=None), order(METHOD="")),
    ],
)
def test_key_ignores_blanks_around_and_ascii_case(one: Row, other: Row) -> None:
    """Blanks at both ends are trimmed, a to z are upper-cased, blank is NULL."""
    assert line_of(one).record_uuid == line_of(other).record_uuid


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (order(STYLE="grün"), order(STYLE="GRÜN")),
        (order(STYLE="a b"), order(STYLE="a  b")),
        (order(STYLE="a\u2003"), order(STYLE="a")),
        (order(STYLE="a\x1fb", PO="c"), order(STYLE="a", PO="b\x1fc")),
        (order(STYLE="a\\", PO="x1fb"), order(STYLE="a\x1f", PO="b")),
        (order(STYLE="", PO="a"), order(STYLE="a", PO="")),
    ],
)
def test_key_keeps_everything_else(one: Row, other: Row) -> None:
    """Umlauts, inner blanks and other white space stand; a separator in a cell moves no border."""
    assert line_of(one).record_uuid != line_of(other).record_uuid


def test_key_columns_keep_their_order() -> None:
    """The key is joined in the configured order, not in the order of the table."""
    line = line_of(order(), keyed("PO", "NUMBER"))
    assert line.line_key == "100\x1fTOR-00001"


def test_ordinal_is_appended_above_one() -> None:
    """Equal keys are numbered in content order; only the second bears its number."""
    rows = [order(PRICE="9"), order(PRICE="8")]
    lines = list(detected(rows).lines())
    key = documented_key("TOR-00001", "MFA25B60", "100", "SEA")
    assert {line.ordinal for line in lines} == {1, 2}
    for line in lines:
        name = key if line.ordinal == 1 else f"{key}\x1f2"
        assert line.record_uuid == str(uuid.uuid5(NAMESPACE, name))
        assert line.record_uuid == line_uuid(key, line.ordinal)


def test_first_sight_numbers_by_content() -> None:
    """The order of the rows in the source does not decide who is the first."""
    rows = [order(PRICE=price) for price in ("7", "8", "9")]
    forth = {line.values["PRICE"]: line.record_uuid for line in detected(rows).lines()}
    back = {line.values["PRICE"]: line.record_uuid for line in detected(rows[::-1]).lines()}
    assert forth == back
    assert len(set(forth.values())) == 3


def test_blank_rows_are_dropped() -> None:
    """A row with blank key cells and no quantity is counted and no more."""
    blank = dict.fromkeys(COLUMNS.key, " ") | {"CUSTOMER": "TORVANE WORKWEAR"}
    rows = [
        order(),
        {**blank},
        {**blank, "S": "0", "TOTAL": "0"},
        {**blank, "S": "0.0", "TOTAL": "0.00"},
    ]
    changes = detected(rows)
    assert (changes.rows, changes.dropped) == (4, 3)
    assert verdicts(changes) == {1: "new"}
    assert changes.rows_by_customer == {"TORVANE WORKWEAR": 1}


def test_a_million_blank_rows(monkeypatch: pytest.MonkeyPatch) -> None:
    """They are dropped before anything is made of them: little memory is enough."""
    monkeypatch.setitem(DUCKDB, "memory_limit", "100MB")
    monkeypatch.setitem(DUCKDB, "temp_directory", "")
    blank = pa.nulls(1_000_000, pa.string())
    source = pa.table(dict.fromkeys(orders([ORDER]).column_names, blank))
    changes = detect(source, known([]), COLUMNS, "v1")
    assert (changes.rows, changes.dropped) == (1_000_000, 1_000_000)


@pytest.mark.parametrize("quantity", [{"S": "3"}, {"TOTAL": "3"}, {"S": "many"}, {"S": "-1"}])
def test_blank_key_with_a_quantity_is_held(quantity: Row) -> None:
    """Pieces without a key are not dropped: the row is stopped with a finding."""
    changes = detected([{"CUSTOMER": "TORVANE WORKWEAR", **quantity}])
    assert changes.dropped == 0
    assert verdicts(changes) == {1: "unidentified"}


@pytest.mark.parametrize("number", [None, "", " \u00a0"])
def test_line_without_its_first_key_cell_is_held(number: str | None) -> None:
    """A blank order number stops the line, and the finding names row and column."""
    changes = detected([order(), order(NUMBER=number, SEASON="SP26")])
    (held,) = changes.held()
    assert held.record_uuid is None
    assert (held.customer, held.po, held.season) == ("TORVANE WORKWEAR", "100", "SP26")
    assert (held.finding.row, held.finding.column) == (2, "NUMBER")
    assert held.finding.value == "(no order number)"
    assert [line.row for line in changes.lines()] == [1]


def test_finding_cuts_a_long_value() -> None:
    """A finding carries 200 characters of the value at most."""
    entries = delivered(order(NUMBER="N" * 300, PRICE="1"), order(NUMBER="N" * 300, PRICE="2"))
    changes = detected([order(NUMBER="N" * 300, PRICE=p) for p in ("3", "4")], entries)
    assert [len(held.finding.value or "") for held in changes.held()] == [200, 200]


AWKWARD = (
    *source_types(),
    "a\u00a0b",
    'with "double" quotes',
    "dotted.name",
    "semi;colon",
    "[bracket",
    "?",
    ":colon",
    "$1",
    "row",
    "size",
    "line_key",
    "select",
)


def test_every_name_of_a_column_survives() -> None:
    """Any column may be in the key, in the hash or be a size, whatever it is called."""
    columns = keyed(*AWKWARD, hashed=AWKWARD, sizes=AWKWARD, total="TOTAL QTY")
    cells = {name: f"{place} " for place, name in enumerate(AWKWARD, 1)}
    line = line_of(cells, columns)
    expected = {name: str(place) for place, name in enumerate(AWKWARD, 1)}
    assert line.line_key.split("\x1f") == list(expected.values())
    assert expected.items() <= line.values.items()
    assert line.sizes == expected
