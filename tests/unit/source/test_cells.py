"""Values become the text that a person would type."""

from __future__ import annotations

import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

import pyarrow as pa
import pytest

from customer_orders.errors import SourceError
from customer_orders.source.cells import arrow_texts, as_text, text_batch


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, ""),
        ("  A ", "  A "),
        (True, "TRUE"),
        (7, "7"),
        (7.0, "7"),
        (0.1, "0.1"),
        (1e-7, "0.0000001"),
        (1e21, "1000000000000000000000"),
        (1234567.891, "1234567.891"),
        (float("nan"), ""),
        (Decimal("12.50"), "12.50"),
        (Decimal("1E+3"), "1000"),
        (Decimal("NaN"), ""),
        (datetime.date(2026, 3, 14), "2026-03-14"),
        (datetime.datetime(2026, 3, 14), "2026-03-14"),
        (datetime.datetime(2026, 3, 14, 7, 5, 0, 9), "2026-03-14 07:05:00"),
        ("GRÜN".encode(), "GRÜN"),
        (memoryview(b"A"), "A"),
        (UUID(int=1), "00000000-0000-0000-0000-000000000001"),
    ],
)
def test_values_become_text(value: Any, text: str) -> None:
    """Numbers keep their digits, dates are ISO, nothing is a blank."""
    assert as_text(value) == text


@pytest.mark.parametrize(
    ("cell", "why"), [("\ud800", "surrogates not allowed"), (b"GR\xdcN", "can't decode byte")]
)
def test_text_that_is_not_unicode_is_named_by_its_row(cell: Any, why: str) -> None:
    """Half a character and bytes of another encoding cannot be written to a board."""
    place = 'the table X, row 12, column "STYLE"'
    with pytest.raises(SourceError, match=f"{place}: the text is not Unicode: .*{why}"):
        text_batch([("N1", "A"), ("N2", cell)], ["NUMBER", "STYLE"], 11, "the table X")


def test_columns_stay_in_their_order() -> None:
    """Rows go in, columns of text come out."""
    batch = text_batch([("N1", 1), ("N2", None)], ["NUMBER", "S"], 1, "the table X")
    assert batch.to_pydict() == {"NUMBER": ["N1", "N2"], "S": ["1", ""]}


@pytest.mark.parametrize(
    ("kind", "cells"),
    [
        (pa.large_string(), ["A", " b ", None]),
        (pa.uint8(), [0, 255, None]),
        (pa.int64(), [-(2**63), None]),
        (pa.bool_(), [True, False, None]),
        (pa.float64(), [0.1, 5.0, 1e21, float("nan"), None]),
        (pa.decimal128(10, 2), [Decimal("1.50"), None]),
        (pa.date32(), [datetime.date(2026, 3, 14), None]),
        (pa.timestamp("us"), [datetime.datetime(2026, 3, 14, 7, 5, 0, 9), None]),
        (pa.large_binary(), ["GRÜN".encode(), None]),
        (pa.null(), [None]),
    ],
)
def test_arrow_becomes_the_same_text(kind: pa.DataType, cells: list[Any]) -> None:
    """The types that Microsoft's driver hands out; NULL may stay NULL, it is a blank cell."""
    batch = pa.record_batch({"X": pa.array(cells, kind)})
    texts = arrow_texts(batch, (), 1, "the table X")
    assert texts.schema.types == [pa.string()]
    assert [text or "" for text in texts["X"].to_pylist()] == [as_text(cell) for cell in cells]


def test_uuids_of_arrow_are_small() -> None:
    """The driver writes them in capitals, Python in small letters; other texts stay."""
    name = "7A7A7A7A-7A7A-7A7A-7A7A-7A7A7A7A7A7A"
    batch = pa.record_batch({"id": pa.array([name, None]), "NAME": pa.array([name, "A"])})
    texts = arrow_texts(batch, {"id"}, 1, "the table X")
    assert texts.to_pydict() == {"id": [name.lower(), None], "NAME": [name, "A"]}
