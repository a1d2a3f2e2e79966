"""What is particular about a CSV file: its header, its encoding, and columns without types."""

from pathlib import Path

import pyarrow as pa
import pytest
from reading import COLUMNS, NEEDED, of_file, write_file

from customer_orders.errors import SourceError
from customer_orders.source import OrderRows, read

HEADER = ",".join(COLUMNS)
ROW = "N1,A,PCE,1,2,3,x"


def read_text(folder: Path, *lines: str, encoding: str = "utf-8", end: str = "\n") -> OrderRows:
    """A read of a file with these lines."""
    (folder / "orders.csv").write_bytes(end.join([*lines, ""]).encode(encoding))
    return read(of_file(folder), NEEDED)


def refused(folder: Path, *lines: str, encoding: str = "utf-8") -> SourceError:
    """The error of a read of these lines."""
    with pytest.raises(SourceError) as error:
        read_text(folder, *lines, encoding=encoding)
    assert str(folder / "orders.csv") in error.value.message
    assert error.value.hint
    return error.value


def test_file_is_absent(tmp_path: Path) -> None:
    """A file that is not there is an error that names it."""
    with pytest.raises(SourceError, match=r"orders\.csv: cannot be read: .*No such file"):
        read(of_file(tmp_path), NEEDED)


@pytest.mark.parametrize("name", ["orders.xls", "orders", "orders.csv.gz"])
def test_other_files_are_not_read(tmp_path: Path, name: str) -> None:
    """A file of another kind is refused by its name, before it is opened."""
    (tmp_path / name).write_bytes(b"PK")
    with pytest.raises(SourceError, match=r"only \.csv, .*\.xlsx files are read"):
        read(of_file(tmp_path, name), NEEDED)


def test_suffix_may_be_in_capitals(tmp_path: Path) -> None:
    """ORDERS.CSV is a CSV file."""
    write_file(tmp_path / "ORDERS.CSV", [("N1", "A", "PCE", 1, 2, 3, "x")])
    assert read(of_file(tmp_path, "ORDERS.CSV"), NEEDED).table.num_rows == 1


@pytest.mark.parametrize("lines", [(), ("",)])
def test_empty_file(tmp_path: Path, lines: tuple[str, ...]) -> None:
    """A file without a header is an error, not a source without rows."""
    (tmp_path / "orders.csv").write_text("\n".join(lines), encoding="utf-8")
    with pytest.raises(SourceError, match="the file is empty"):
        read(of_file(tmp_path), NEEDED)


def test_header_alone(tmp_path: Path) -> None:
    """A file with a header and no row is a source without rows."""
    assert read_text(tmp_path, HEADER).table.num_rows == 0


@pytest.mark.parametrize("again", ["STYLE", "style", "Style"])
def test_two_columns_of_one_name(tmp_path: Path, again: str) -> None:
    """Equal headers are refused with their places, also when only the case differs."""
    error = refused(tmp_path, f"{HEADER},{again}", f"{ROW},y")
    assert f'columns 2 and 8 are both called "{again}"' in error.message


@pytest.mark.parametrize("short", ["N2,B,PCE", "N2,B,PCE,1,2,3,x,y"])
def test_row_with_too_few_or_too_many_cells(tmp_path: Path, short: str) -> None:
    """The line of the file is named, with both numbers of cells."""
    error = refused(tmp_path, HEADER, ROW, ROW, short, ROW)
    cells = short.count(",") + 1
    assert f"Row #4: Expected 7 columns, got {cells}" in error.message


@pytest.mark.parametrize("rows_before", [0, 5_000])
def test_file_that_is_not_utf_8(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], rows_before: int
) -> None:
    """A first letter that is not UTF-8, wherever it stands, makes the file cp1252, with a log."""
    lines = (HEADER, *[ROW] * rows_before, "N1,GRÜN €,PCE,1,2,3,x")
    found = read_text(tmp_path, *lines, encoding="cp1252")
    assert found.table["STYLE"].to_pylist()[-1] == "GRÜN €"
    assert capsys.readouterr().out.count("read as cp1252") == 1


def test_one_bad_byte_in_utf_8(tmp_path: Path) -> None:
    """A file whose first letters are UTF-8 is not read as cp1252 for a byte further down."""
    content = f"{HEADER}\nN1,GRÜN,PCE,1,2,3,x\nN1,GR".encode() + b"\xdcN,PCE,1,2,3,x\n"
    (tmp_path / "orders.csv").write_bytes(content)
    with pytest.raises(SourceError, match="line 3: not utf-8"):
        read(of_file(tmp_path), NEEDED)


def test_file_that_was_cut_off_within_a_letter(tmp_path: Path) -> None:
    """Half a letter at the end must not turn all others into different ones."""
    content = f"{HEADER}\nN1,GRÜN,PCE,1,2,3,Ü".encode()
    (tmp_path / "orders.csv").write_bytes(content[:-1])
    with pytest.raises(SourceError, match="line 2: not utf-8: unexpected end"):
        read(of_file(tmp_path), NEEDED)


def test_utf_8_is_never_taken_for_another(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A letter of several bytes is whole, also where two blocks of the file meet."""
    rows = [f"N1,{'Ü' * 1_000}{'' if n else 'x'},PCE,1,2,3,x" for n in range(5_000)]
    found = read_text(tmp_path, HEADER, *rows)
    assert found.table["STYLE"].to_pylist()[1:] == ["Ü" * 1_000] * 4_999
    assert "cp1252" not in capsys.readouterr().out


def test_header_that_is_not_utf_8(tmp_path: Path) -> None:
    """Names are decoded as the cells are."""
    (tmp_path / "orders.csv").write_bytes(f"{HEADER},GRÖSSE\n{ROW},1\n".encode("cp1252"))
    found = read(of_file(tmp_path), [*NEEDED, "GRÖSSE"])
    assert found.table["GRÖSSE"].to_pylist() == ["1"]


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-16-be"])
def test_file_in_utf_16(tmp_path: Path, encoding: str) -> None:
    """What a spreadsheet calls Unicode text is read by its byte order mark."""
    mark = "" if encoding == "utf-16" else "\ufeff"
    row = "N1,GRÜN 𝔘,PCE,1,2,3,x"
    found = read_text(tmp_path, f"{mark}{HEADER}", row, encoding=encoding)
    assert found.table["STYLE"].to_pylist() == ["GRÜN 𝔘"]


def test_utf_16_without_a_mark_is_asked_for(tmp_path: Path) -> None:
    """Its NUL bytes are noticed; with the setting it is read."""
    error = refused(tmp_path, HEADER, ROW, encoding="utf-16-le")
    assert 'encoding = "utf-16"' in error.hint
    assert read(of_file(tmp_path, encoding="utf-16"), NEEDED).table.num_rows == 1


@pytest.mark.parametrize(
    ("given", "content", "message"),
    [
        ("utf-8", f"{HEADER}\nN1,A,PCE,1,2,3,x\nN1,GR\xdcN,PCE,1,2,3,x\n", "line 3: not utf-8"),
        ("cp1252", f"{HEADER}\nN1,\x81,PCE,1,2,3,x\n", "line 2: not cp1252"),
        (None, f"{HEADER}\nN1,\x81,PCE,1,2,3,x\n", "line 2: not cp1252"),
        ("utf-16", "\xff\xfeN\x00\n\x00\x00\xdcA", "line 2: not utf-16"),
    ],
)
def test_bytes_that_the_encoding_does_not_have(
    tmp_path: Path, given: str | None, content: str, message: str
) -> None:
    """The line is named; nothing is replaced by a question mark."""
    (tmp_path / "orders.csv").write_bytes(content.encode("latin-1"))
    with pytest.raises(SourceError, match=message):
        read(of_file(tmp_path, encoding=given), NEEDED)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig"])
@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_files_as_spreadsheets_write_them(tmp_path: Path, encoding: str, end: str) -> None:
    """A byte order mark and either line end are taken off."""
    rows = read_text(tmp_path, HEADER, ROW, encoding=encoding, end=end)
    assert rows.table.to_pylist() == [
        {"NUMBER": "N1", "STYLE": "A", "S": "1", "M": "2", "TOTAL QTY": "3"}
    ]


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|", "~"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
def test_delimiters(tmp_path: Path, delimiter: str, encoding: str) -> None:
    """The usual ones are found out, whatever stands in the cells; any other one is given."""
    rows = [("N1", "A,B;C|D\tÜ~", "PCE", 1, 2, 3, "two\nlines"), ("N2", None, "", 1, 2, 3, "")]
    write_file(tmp_path / "orders.csv", rows, delimiter=delimiter, encoding=encoding)
    given = delimiter if delimiter == "~" else None
    found = read(of_file(tmp_path, delimiter=given), NEEDED)
    assert found.table["STYLE"].to_pylist() == ["A,B;C|D\tÜ~", ""]


def test_a_name_may_hold_another_delimiter(tmp_path: Path) -> None:
    """The delimiter that makes the needed columns wins, not the one that makes most columns."""
    columns = ("NUMBER", "STYLE", "UNIT OF MEASURE", "S", "TOTAL QTY", "a,b,c,d,e,f,g,h")
    write_file(tmp_path / "orders.csv", [("N", "A", "PCE", 1, 1, "")], columns, delimiter=";")
    assert read(of_file(tmp_path), NEEDED).table["STYLE"].to_pylist() == ["A"]


def test_given_delimiter_that_is_wrong(tmp_path: Path) -> None:
    """The whole header is one name then, and the needed columns are absent."""
    write_file(tmp_path / "orders.csv", [])
    with pytest.raises(SourceError, match='has no column "NUMBER"'):
        read(of_file(tmp_path, delimiter=";"), NEEDED)


def test_header_after_blank_lines(tmp_path: Path) -> None:
    """Blank lines at the top and between the rows are no rows."""
    assert read_text(tmp_path, "", "", HEADER, "", ROW, "", "").table.num_rows == 1


def test_columns_without_a_name_are_left_out(tmp_path: Path) -> None:
    """A spreadsheet writes blank names for columns that were once used."""
    assert read_text(tmp_path, f"{HEADER},,", f"{ROW},,").table.num_rows == 1


@pytest.mark.parametrize(
    ("lines", "message"),
    [
        ((HEADER, ROW, 'N2,"A,PCE,1,2,3,x', ROW, ROW), "line 3: a quote is not closed"),
        ((HEADER, ROW, 'N2,A,PCE,1,2,3,"x', ROW, ROW), "line 3: a quote is not closed"),
        ((HEADER, *[ROW] * 50_000, "N2,A,PC"), "Row #50002: Expected 7 columns, got 3"),
    ],
)
def test_file_that_was_cut_off(tmp_path: Path, lines: tuple[str, ...], message: str) -> None:
    """A quote that nobody closed must not swallow the rows after it."""
    assert message in refused(tmp_path, *lines).message


def test_header_with_a_stray_quote(tmp_path: Path) -> None:
    """What cannot be read as a row of names is an error of the file."""
    error = refused(tmp_path, HEADER.replace("STYLE", 'ST"YLE'), ROW)
    assert "the header cannot be read" in error.message


def test_inches_are_no_open_quotes(tmp_path: Path) -> None:
    """A single quote sign inside a cell is a letter like any other."""
    found = read_text(tmp_path, HEADER, 'N1,5" PIPE,PCE,1,2,3,x', ROW)
    assert found.table["STYLE"].to_pylist() == ['5" PIPE', "A"]


@pytest.mark.parametrize(
    ("begin", "kind"),
    [
        (b"\x89PNG\r\n\x1a\n", "PNG image"),
        (b"PK\x03\x04", "zip archive"),
        (b"PAR1", "Parquet"),
        (b"%PDF-1.7", "PDF"),
        (b"SQLite format 3\x00", "SQLite"),
        (b"\xd0\xcf\x11\xe0", "old .xls"),
    ],
)
def test_file_of_another_kind(tmp_path: Path, begin: bytes, kind: str) -> None:
    """What only bears the name of a CSV file is told by how it begins."""
    (tmp_path / "orders.csv").write_bytes(begin + bytes(range(256)))
    with pytest.raises(SourceError, match=f"is not a .csv file: it is .*{kind}") as error:
        read(of_file(tmp_path), NEEDED)
    assert error.value.hint


def test_folder_in_place_of_the_file(tmp_path: Path) -> None:
    """A folder may bear any name."""
    (tmp_path / "orders.csv").mkdir()
    with pytest.raises(SourceError, match="is a folder"):
        read(of_file(tmp_path), NEEDED)


def test_millions_of_blank_lines(tmp_path: Path) -> None:
    """They cost no memory to speak of: the rows between them are what is kept."""
    blank = "\n" * 5_000_000
    (tmp_path / "orders.csv").write_text(f"{HEADER}\n{ROW}{blank}{ROW}{blank}", encoding="utf-8")
    before = pa.total_allocated_bytes()
    found = read(of_file(tmp_path), NEEDED)
    assert found.table.num_rows == 2
    assert pa.total_allocated_bytes() - before < 1_000_000


@pytest.mark.parametrize(
    "cells",
    [
        ("5", "0"),
        ("", "12"),
        (" 7 ", ""),
        ("100.0", "3"),
        ("", ""),
        ("1,200", "4"),
        ("7\u00a0", ""),
    ],
)
def test_unknown_column_of_whole_numbers_is_a_size(tmp_path: Path, cells: tuple[str, str]) -> None:
    """Nobody knows the type of a column of the user's own: whole numbers make it a size."""
    columns = ("NUMBER", "UNIT OF MEASURE", "S", "Size 9XL", "TOTAL QTY")
    rows = [("N", "PCE", 1, cell, 3) for cell in cells]
    write_file(tmp_path / "orders.csv", rows, columns)
    found = read(of_file(tmp_path), ["NUMBER"])
    assert list(found.sizes) == ["S", "Size 9XL"]
    assert found.table["Size 9XL"].to_pylist() == list(cells)


@pytest.mark.parametrize("cells", [("5", "red"), ("417", "417A"), ("1.5", "2"), ("-1", "2")])
def test_unknown_column_of_text_is_no_size(tmp_path: Path, cells: tuple[str, str]) -> None:
    """One cell that is no whole number makes an unknown column a text."""
    columns = ("NUMBER", "UNIT OF MEASURE", "S", "COLOUR CODE", "TOTAL QTY")
    rows = [("N", "PCE", 1, cell, 3) for cell in cells]
    write_file(tmp_path / "orders.csv", rows, columns)
    assert list(read(of_file(tmp_path), ["NUMBER"]).sizes) == ["S"]


def test_known_text_column_is_no_size(tmp_path: Path) -> None:
    """INFOR COLOUR CODE holds whole numbers and is known to be text."""
    columns = ("NUMBER", "UNIT OF MEASURE", "S", "INFOR COLOUR CODE", "TOTAL QTY")
    write_file(tmp_path / "orders.csv", [("N", "PCE", 1, "417", 3)], columns)
    assert list(read(of_file(tmp_path), ["NUMBER"]).sizes) == ["S"]


def test_size_column_outside_the_span_is_no_size(tmp_path: Path) -> None:
    """Position counts as well as type."""
    columns = ("NUMBER", "L", "UNIT OF MEASURE", "S", "TOTAL QTY", "M")
    write_file(tmp_path / "orders.csv", [("N", 1, "PCE", 2, 3, 4)], columns)
    found = read(of_file(tmp_path), ["NUMBER"])
    assert (list(found.sizes), found.table.column_names) == (["S"], ["NUMBER", "S"])


def test_reading_leaves_no_trace(tmp_path: Path) -> None:
    """No file is made beside the one that is read."""
    read_text(tmp_path, HEADER, ROW)
    assert [file.name for file in tmp_path.iterdir()] == ["orders.csv"]
