"""Values become the text that a person would type."""

from __future__ import annotations

import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest

from customer_orders.errors import SourceError
from customer_orders.source.cells import as_text, text_batch


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
