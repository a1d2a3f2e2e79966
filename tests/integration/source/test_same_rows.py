"""Properties: the same rows read back as the same text, whatever file or server carries them."""

from __future__ import annotations

import tempfile
from pathlib import Path

import pytest
from hypothesis import HealthCheck, example, given
from hypothesis import settings as trials
from hypothesis import strategies as st
from reading import (
    NEEDED,
    of_file,
    of_parquet,
    of_postgres,
    of_workbook,
    write_file,
    write_parquet,
    write_postgres,
    write_workbook,
)

from customer_orders.source import read

#: What a hostile or careless hand types; none of it is more than text.
HOSTILE = (
    '=HYPERLINK("http://x.example","click")',
    "+1+1",
    "@SUM(A1)",
    "=cmd|' /C calc'!A0",
    "<script>alert(1)</script>",
    "&amp; &#0;",
    "x'; DROP TABLE orders; --",
    "{CUSTOMER}",
    "_x0041_",
    "\x01\x07\x1b[31m",
    "\u202eright to left",
    "NULL",
    "#N/A",
    '"',
    "''",
    ";,\t|",
)
#: XML, and so Excel, holds no NUL, nor does PostgreSQL; a lone surrogate is no Unicode text. CR is
#: judged apart.
TEXT = st.text(
    st.characters(exclude_categories=("Cs",), exclude_characters="\0\r\ufffe\uffff"), max_size=12
)
#: Letters that cp1252 has.
WESTERN = st.text(st.sampled_from("aZ0 ,;|\t\n\"'=<>&%äÖß€\u00a0’"), max_size=12)
CELLS = st.sampled_from(HOSTILE) | TEXT
ENCODINGS = ("utf-8", "utf-8-sig", "utf-16", "cp1252")


def orders(texts: list[str]) -> list[tuple[object, ...]]:
    """Rows of the small source; only STYLE is drawn, so that no row is blank."""
    return [(f"N{n}", text, "PCE", n, None, n, "") for n, text in enumerate(texts)]


def styles(texts: list[str], kind: str, **options: str) -> list[str]:
    """STYLE as it is read back from a file of a kind."""
    write, configure = KINDS[kind]
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / f"orders.{kind}"
        write(path, orders(texts), **options)
        given_encoding = {"encoding": "cp1252"} if options.get("encoding") == "cp1252" else {}
        rows = read(configure(Path(folder), **given_encoding), NEEDED)
    assert list(rows.sizes) == ["S", "M"]
    assert rows.table["NUMBER"].to_pylist() == [f"N{n}" for n in range(len(texts))]
    found: list[str] = rows.table["STYLE"].to_pylist()
    return found


KINDS = {
    "csv": (write_file, of_file),
    "parquet": (write_parquet, of_parquet),
    "xlsx": (write_workbook, of_workbook),
    "postgres": (write_postgres, of_postgres),
}
# Whole files are written: fewer examples, and no deadline for any of them.
few = trials(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))


@pytest.mark.parametrize("kind", KINDS)
@few
@example(texts=list(HOSTILE))
@given(texts=st.lists(CELLS, min_size=1, max_size=8))
def test_text_is_carried_as_it_is(kind: str, texts: list[str]) -> None:
    """Formulas, HTML, SQL, control characters: carried, never executed, never lost."""
    assert styles(texts, kind) == texts


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
@pytest.mark.parametrize("encoding", ENCODINGS)
@few
@given(texts=st.lists(WESTERN, min_size=1, max_size=8))
def test_every_delimiter_and_encoding(encoding: str, delimiter: str, texts: list[str]) -> None:
    """The delimiter is found out, the encoding too, but for cp1252 that may look like UTF-8."""
    assert styles(texts, "csv", delimiter=delimiter, encoding=encoding) == texts


@few
@given(texts=st.lists(st.text(st.characters(exclude_categories=("Cs",)), max_size=8), min_size=1))
def test_nul_and_cr_in_files_that_hold_them(texts: list[str]) -> None:
    """CSV and Parquet hold every letter of Unicode, NUL and CR among them."""
    assert styles(texts, "parquet") == texts
    assert styles(texts, "csv") == texts
