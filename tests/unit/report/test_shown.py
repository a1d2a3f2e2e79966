"""Data that would act is shown instead: one function for each place where it is looked at."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from customer_orders.errors import CustomerOrdersError
from customer_orders.report import write_findings
from customer_orders.report.export import COLUMNS
from customer_orders.report.shown import cell, markdown, seen, spreadsheet, visible


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("Maltese blue, 417", "Maltese blue, 417"),
        ("Übergröße ’M’ \u00a0", "Übergröße ’M’ \u00a0"),
        ("a\x00b\x1b[2J\x7f\x9b", r"a\x00b\x1b[2J\x7f\x9b"),
        ("one\ttwo\r\nthree", r"one\ttwo\r\nthree"),
        ("left\u202eright\u2066\u200b\ufeff", r"left\u202eright\u2066\u200b\ufeff"),
    ],
)
def test_what_acts_is_shown(text: str, shown: str) -> None:
    """Controls, direction marks and hidden characters as escapes; letters as they are."""
    assert visible(text) == shown


@given(st.text())
def test_nothing_that_acts_is_left(text: str) -> None:
    """Whatever the text, what is shown is printable but for blanks."""
    assert all(c.isprintable() or c.isspace() for c in visible(text))
    assert not set("\n\r\t\x0b\x0c\x1c\x1d\x1e\x85\u2028") & set(visible(text))


@pytest.mark.parametrize(
    ("value", "text"), [(None, ""), (True, "yes"), (1234, "1,234"), (1234.5, "1,234.5"), ("a", "a")]
)
def test_values_as_people_read_them(value: Any, text: str) -> None:
    """Numbers with commas, nothing for what is not there."""
    assert cell(value) == text


def test_markdown_shows_and_does_nothing() -> None:
    """No cell border, no tag, no link, no picture, no mention."""
    assert markdown("a|b <i> [x](http://y) `c` @d *e*") == (
        r"a\|b &lt;i&gt; \[x\](http:&#47;&#47;y) \`c\` &#64;d \*e\*"
    )


@pytest.mark.parametrize(
    "first", ["=", "+", "-", "@", "\t", "\r", "\n", "\uff1d", "\uff0b", "\uff0d", "\uff20"]
)
def test_no_cell_is_a_formula(first: str) -> None:
    """An apostrophe before what a spreadsheet would calculate, and only there."""
    assert spreadsheet(f"{first}1+1").startswith("'")
    assert spreadsheet(f"1{first}1")[0] == "1"
    assert spreadsheet(None) == ""


def test_documents_are_shown_whole() -> None:
    """Every text in a document, keys among them."""
    assert seen({"a\x1b": ["\x07", {"b": 1}, None]}) == {r"a\x1b": [r"\x07", {"b": 1}, None]}


def finding(**parts: Any) -> dict[str, Any]:
    """A finding as the ledger gives it."""
    return dict.fromkeys(COLUMNS.values()) | parts


def test_the_file_of_findings(tmp_path: Path) -> None:
    """UTF-8 with its mark, one row each, and no cell that a spreadsheet would run."""
    file = tmp_path / "findings.csv"
    wild = finding(id="1", customer="=1+1", value="@SUM(A1)\x1b", message='Ä "quoted", \n cut')
    write_findings([wild, finding(id="2", source_row=7)], file)
    assert file.read_bytes().startswith(b"\xef\xbb\xbf")
    with file.open(encoding="utf-8-sig", newline="") as opened:
        first, second = csv.DictReader(opened)
    assert (first["customer"], first["value"]) == ("'=1+1", r"'@SUM(A1)\x1b")
    assert first["message"] == r'Ä "quoted", \n cut'
    assert (second["id"], second["row"], second["customer"]) == ("2", "7", "")


def test_a_file_that_cannot_be_written(tmp_path: Path) -> None:
    """Named, with what to do."""
    with pytest.raises(CustomerOrdersError, match="cannot be written") as caught:
        write_findings([], tmp_path / "nowhere" / "f.csv")
    assert "--csv" in caught.value.hint
