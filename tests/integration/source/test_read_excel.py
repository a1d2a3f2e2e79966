"""What is particular about a workbook: sheets, headers, types of cells, and broken files."""

from __future__ import annotations

import datetime
import re
import subprocess
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
import xlsxwriter
from reading import COLUMNS, NEEDED, of_workbook, refused, write_workbook
from xlsxwriter.worksheet import Worksheet

from customer_orders.errors import SourceError
from customer_orders.source import OrderRows, read
from customer_orders.source.workbook import LARGEST, cell_name

ORDER = ("N1", "A", "PCE", 1, 2, 3, "x")
SHEET = "xl/worksheets/sheet1.xml"


def sheet_of(folder: Path, write: Callable[[Worksheet], object], *, name: str = "Orders") -> None:
    """A workbook whose only sheet is written by a function; it has the usual header and row."""
    with xlsxwriter.Workbook(folder / "orders.xlsx") as book:
        sheet = book.add_worksheet(name)
        sheet.write_row(0, 0, COLUMNS)
        sheet.write_row(1, 0, ORDER)
        write(sheet)


def rewritten(folder: Path, part: str, edit: Callable[[str], str]) -> None:
    """The workbook with one part of its archive edited."""
    path = folder / "orders.xlsx"
    with zipfile.ZipFile(path) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    before = parts[part].decode()
    parts[part] = edit(before).encode()
    assert parts[part].decode() != before
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in parts.items():
            archive.writestr(name, content)


def cells(rows: OrderRows, column: str = "STYLE") -> list[str]:
    """The cells of one column."""
    found: list[str] = rows.table[column].to_pylist()
    return found


@pytest.mark.parametrize(
    ("cell", "text"),
    [
        (4755, "4755"),
        (4755.0, "4755"),
        (12.5, "12.5"),
        (0.1 + 0.2, "0.3"),
        (0.0000001, "0.0000001"),
        (1e15, "1000000000000000"),
        (-3, "-3"),
        ("007", "007"),
        ("1,200.50", "1,200.50"),
        ("6109.90.10.50", "6109.90.10.50"),
        (True, "TRUE"),
        (False, "FALSE"),
        (datetime.date(2025, 3, 1), "2025-03-01"),
        (datetime.datetime(2025, 3, 1, 4, 5, 6), "2025-03-01 04:05:06"),
        (" a\u00a0", " a\u00a0"),
        ("two\nlines", "two\nlines"),
    ],
)
def test_cells_become_the_text_that_people_write(tmp_path: Path, cell: object, text: str) -> None:
    """Numbers that are text stay as they are, dates are ISO, whole fractions are whole."""
    with xlsxwriter.Workbook(tmp_path / "orders.xlsx", {"default_date_format": "d mmm"}) as book:
        sheet = book.add_worksheet()
        sheet.write_row(0, 0, COLUMNS)
        write = sheet.write_string if isinstance(cell, str) else sheet.write
        write(1, 1, cell)
        sheet.write(1, 0, "N1")
    assert cells(read(of_workbook(tmp_path), NEEDED)) == [text]


def test_dates_of_a_workbook_from_1904(tmp_path: Path) -> None:
    """Some workbooks count days from 1904."""
    options = {"date_1904": True, "default_date_format": "yyyy-mm-dd"}
    with xlsxwriter.Workbook(tmp_path / "orders.xlsx", options) as book:
        sheet = book.add_worksheet()
        sheet.write_row(0, 0, COLUMNS)
        sheet.write_row(1, 0, ["N1", datetime.date(2025, 3, 1)])
    assert cells(read(of_workbook(tmp_path), NEEDED)) == ["2025-03-01"]


@pytest.mark.parametrize(("sheet", "style"), [(None, "first"), ("Über 2", "second")])
def test_sheets(tmp_path: Path, sheet: str | None, style: str) -> None:
    """The first one, or the one that is named."""
    with xlsxwriter.Workbook(tmp_path / "orders.xlsx") as book:
        for name, text in (("One & <Only>", "first"), ("Über 2", "second")):
            made = book.add_worksheet(name)
            made.write_row(0, 0, COLUMNS)
            made.write_row(1, 0, ["N1", text])
    assert cells(read(of_workbook(tmp_path, sheet=sheet), NEEDED)) == [style]


def test_unknown_sheet(tmp_path: Path) -> None:
    """The nearest name is told."""
    write_workbook(tmp_path / "orders.xlsx", [ORDER])
    error = refused(of_workbook(tmp_path, sheet="Ordres"))
    assert error.message.endswith('has no sheet "Ordres" (nearest: "Orders")')


@pytest.mark.parametrize("above", [0, 1, 7, 49])
@pytest.mark.parametrize("beside", [0, 2])
def test_header_is_found(tmp_path: Path, above: int, beside: int) -> None:
    """Titles, blank rows and blank columns may stand before it, and its names be padded."""
    with xlsxwriter.Workbook(tmp_path / "orders.xlsx") as book:
        sheet = book.add_worksheet()
        if above > 1:
            sheet.write(0, beside, "Order book of STYLE and NUMBER")
        sheet.write_row(above, beside, [f" {name} " for name in COLUMNS])
        sheet.write_row(above + 1, beside, ORDER)
    found = read(of_workbook(tmp_path), NEEDED)
    assert found.table.to_pylist() == [
        {"NUMBER": "N1", "STYLE": "A", "S": "1", "M": "2", "TOTAL QTY": "3"}
    ]


def test_header_that_is_given(tmp_path: Path) -> None:
    """Of two rows that could be it, the one that the configuration names."""
    write_workbook(tmp_path / "orders.xlsx", [ORDER, COLUMNS, ("N2", "B", "PCE", 4, 5, 9, "y")])
    assert cells(read(of_workbook(tmp_path, header_row=3), NEEDED)) == ["B"]
    assert len(cells(read(of_workbook(tmp_path), NEEDED))) == 3


def test_header_in_other_letters(tmp_path: Path) -> None:
    """It is found without regard to case; what is missing is then told by its nearest name."""
    write_workbook(tmp_path / "orders.xlsx", [ORDER], [name.title() for name in COLUMNS])
    message = refused(of_workbook(tmp_path)).message
    assert 'sheet "Orders", row 1 has no column "NUMBER" (nearest: "Number")' in message


@pytest.mark.parametrize("options", [{"header_row": 40}, {}])
def test_sheet_without_a_header(tmp_path: Path, options: dict[str, int]) -> None:
    """An empty sheet, or a row behind its end."""
    with xlsxwriter.Workbook(tmp_path / "orders.xlsx") as book:
        sheet = book.add_worksheet("Orders")
        if options:
            sheet.write_row(0, 0, COLUMNS)
    assert 'sheet "Orders": no header in' in refused(of_workbook(tmp_path, **options)).message


@pytest.mark.parametrize("again", ["STYLE", "style "])
def test_two_columns_of_one_name(tmp_path: Path, again: str) -> None:
    """Equal headers are refused with their places."""
    sheet_of(tmp_path, lambda sheet: sheet.write(0, 7, again))
    message = refused(of_workbook(tmp_path)).message
    assert f'"Orders", row 1: columns 2 and 8 are both called "{again.strip()}"' in message


def test_merged_cells(tmp_path: Path) -> None:
    """The text of merged cells stands in the first of them; the others are blank."""
    sheet_of(
        tmp_path, lambda sheet: (sheet.merge_range(2, 1, 3, 2, "both"), sheet.write(3, 0, "N3"))
    )
    assert cells(read(of_workbook(tmp_path), NEEDED)) == ["A", "both", ""]


def test_blank_rows_and_cells(tmp_path: Path) -> None:
    """Rows without a value are no rows, also when they have a format."""

    def write(sheet: Worksheet) -> None:
        sheet.set_row(2, 30)
        sheet.write(5, 0, "N2")
        sheet.write_string(5, 3, "")

    sheet_of(tmp_path, write)
    found = read(of_workbook(tmp_path), NEEDED)
    assert (cells(found), cells(found, "S")) == (["A", ""], ["1", ""])


@pytest.mark.parametrize("error", ["#REF!", "#N/A", "#DIV/0!", "#VALUE!", "#NAME?"])
def test_formula_that_failed(tmp_path: Path, error: str) -> None:
    """File, sheet, row and column are named: an error is neither a value nor a blank."""
    sheet_of(tmp_path, lambda sheet: sheet.write_formula(3, 4, "=1/0", None, error))
    message = refused(of_workbook(tmp_path)).message
    assert '"Orders": formulas failed at E4 (row 4, column "M")' in message


def test_formula_that_failed_where_nobody_looks(tmp_path: Path) -> None:
    """A column that is not read may hold errors, and so may the rows above the header."""
    sheet_of(tmp_path, lambda sheet: sheet.write_formula(1, 6, "=1/0", None, "#DIV/0!"))
    assert cells(read(of_workbook(tmp_path), NEEDED)) == ["A"]


def test_formula_that_failed_among_thousands(tmp_path: Path) -> None:
    """However many have failed where nobody looks, the few in a column that is read are told."""

    def write(sheet: Worksheet) -> None:
        for row in range(2, 12_000):
            sheet.write_formula(row, 6, "=1/0", None, "#DIV/0!")
        for row in range(11_000, 11_007):
            sheet.write_formula(row, 3, "=1/0", None, "#REF!")

    sheet_of(tmp_path, write)
    message = refused(of_workbook(tmp_path)).message
    assert 'failed at D11001 (row 11001, column "S"), D11002' in message
    assert message.endswith("and 2 more")


def test_formulas_are_read_by_their_values(tmp_path: Path) -> None:
    """What was last computed; nothing is computed here."""
    sheet_of(tmp_path, lambda sheet: sheet.write_formula(1, 1, '="A"&"B"', None, "AB"))
    assert cells(read(of_workbook(tmp_path), NEEDED)) == ["AB"]


def test_formatted_cells_to_the_end_of_the_sheet(tmp_path: Path) -> None:
    """A sheet that says it has 1,048,576 rows and holds three is three rows."""

    def write(sheet: Worksheet) -> None:
        sheet.write(2, 0, "N2")
        sheet.write_blank(1_048_575, 16_383, None, bold)

    with xlsxwriter.Workbook(tmp_path / "orders.xlsx") as book:
        bold = book.add_format({"bold": True})
        made = book.add_worksheet("Orders")
        made.write_row(0, 0, COLUMNS)
        made.write_row(1, 0, ORDER)
        write(made)
    with zipfile.ZipFile(tmp_path / "orders.xlsx") as archive:
        assert b'<dimension ref="A1:XFD1048576"/>' in archive.read(SHEET)
    assert cells(read(of_workbook(tmp_path), NEEDED)) == ["A", ""]


def test_stray_cell_at_the_end_of_the_sheet(tmp_path: Path) -> None:
    """Laid out whole it would need 550 GB: it is refused by name before that."""
    sheet_of(tmp_path, lambda sheet: sheet.write(1_048_575, 16_383, "x"))
    message = refused(of_workbook(tmp_path)).message
    assert 'sheet "Orders": the cell XFD1048576 stands too far from the others' in message


def test_stray_cell_far_below(tmp_path: Path) -> None:
    """A last row with a few columns is within bounds, and the blank rows before it are no rows."""
    sheet_of(tmp_path, lambda sheet: sheet.write(1_048_575, 0, "N9"))
    assert 1_048_576 * len(COLUMNS) < LARGEST
    assert cells(read(of_workbook(tmp_path), NEEDED), "NUMBER") == ["N1", "N9"]


def test_cells_that_do_not_say_where_they_are(tmp_path: Path) -> None:
    """Other programs leave the places out; a failed formula is found all the same."""
    sheet_of(tmp_path, lambda sheet: sheet.write_formula(1, 1, "=1/0", None, "#DIV/0!"))
    rewritten(tmp_path, SHEET, lambda xml: re.sub(r' r="[A-Z]*\d+"', "", xml))
    assert "B2 (row 2" in refused(of_workbook(tmp_path)).message


@pytest.mark.parametrize("kept", [10, 2_000, -30])
def test_file_that_was_cut_off(tmp_path: Path, kept: int) -> None:
    """Without its end the archive cannot be read."""
    path = tmp_path / "orders.xlsx"
    write_workbook(path, [ORDER] * 500)
    path.write_bytes(path.read_bytes()[:kept])
    assert "cannot be read as a workbook" in refused(of_workbook(tmp_path)).message


@pytest.mark.parametrize(
    ("part", "edit"),
    [
        (SHEET, lambda xml: xml[:-200]),
        (SHEET, lambda xml: xml.replace("</row>", "", 1)),
        ("xl/_rels/workbook.xml.rels", lambda xml: xml.replace("sheet1.xml", "sheet9.xml")),
        ("xl/workbook.xml", lambda xml: xml[:300]),
        ("xl/workbook.xml", lambda xml: xml.replace(' r:id="rId1"', "")),
        (SHEET, lambda xml: xml.replace('encoding="UTF-8"', 'encoding="UTF-7x"')),
        (SHEET, lambda xml: xml.replace('<row r="2"', '<row r="two"')),
        ("xl/sharedStrings.xml", lambda xml: xml[:200]),
    ],
)
def test_workbook_that_is_broken_inside(
    tmp_path: Path, part: str, edit: Callable[[str], str]
) -> None:
    """Half a part, or a part that is not there, is an error and not fewer rows."""
    sheet_of(tmp_path, lambda sheet: sheet.write_row(2, 0, ORDER))
    rewritten(tmp_path, part, edit)
    with pytest.raises(SourceError) as error:
        read(of_workbook(tmp_path), NEEDED)
    assert "orders.xlsx" in error.value.message
    assert error.value.hint


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "is empty"),
        (b"\x89PNG\r\n", "PNG image"),
        (b"\xd0\xcf\x11\xe0\xa1", "old .xls workbook, or one with a password"),
        (b"NUMBER,STYLE\n", "another kind"),
    ],
)
def test_file_of_another_kind(tmp_path: Path, content: bytes, message: str) -> None:
    """What only bears the name of a workbook is told by how it begins."""
    (tmp_path / "orders.xlsx").write_bytes(content)
    assert message in refused(of_workbook(tmp_path)).message


def test_another_zip_archive(tmp_path: Path) -> None:
    """A zip archive that is no workbook is said to be that."""
    with zipfile.ZipFile(tmp_path / "orders.xlsx", "w") as archive:
        archive.writestr("notes.txt", "no workbook")
    error = refused(of_workbook(tmp_path))
    assert "cannot be read as a workbook" in error.message
    assert "another zip archive" in error.hint


def test_folder_in_place_of_the_file(tmp_path: Path) -> None:
    """A folder may bear any name."""
    (tmp_path / "orders.xlsx").mkdir()
    assert "is a folder" in refused(of_workbook(tmp_path)).message


def test_without_the_extra(tmp_path: Path) -> None:
    """Where calamine is not installed, the message says what to install."""
    write_workbook(tmp_path / "orders.xlsx", [ORDER])
    script = (
        "import sys; sys.modules['python_calamine'] = None\n"
        "from pathlib import Path; from reading import of_workbook, NEEDED\n"
        "from customer_orders.source import read\n"
        "read(of_workbook(Path(sys.argv[1])), NEEDED)"
    )
    done = subprocess.run(
        [sys.executable, "-c", script, str(tmp_path)],
        cwd=Path(__file__).parent,
        capture_output=True,
        text=True,
        check=False,
    )
    assert "SourceError" in done.stderr
    assert "reading .xlsx files needs an extra" in done.stderr


@pytest.mark.parametrize(
    ("row", "column", "name"), [(1, 1, "A1"), (7, 26, "Z7"), (2, 27, "AA2"), (9, 16_384, "XFD9")]
)
def test_cell_names(row: int, column: int, name: str) -> None:
    """As a spreadsheet names them."""
    assert cell_name(row, column) == name
