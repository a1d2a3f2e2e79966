"""What is particular about a CSV file: its header, its encoding, and columns without types."""

from pathlib import Path

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


@pytest.mark.parametrize("name", ["orders.xlsx", "orders", "orders.csv.gz"])
def test_only_csv_is_read(tmp_path: Path, name: str) -> None:
    """A file of another kind is refused by its name, before it is opened."""
    (tmp_path / name).write_bytes(b"PK")
    with pytest.raises(SourceError, match=r"only \.csv files are read"):
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
def test_file_that_is_not_utf_8(tmp_path: Path, rows_before: int) -> None:
    """A cell in another encoding stops the read, wherever it stands."""
    rows = [ROW] * rows_before
    error = refused(tmp_path, HEADER, *rows, "N1,GRÜN,PCE,1,2,3,x", encoding="cp1252")
    assert "UTF-8" in error.hint


def test_header_that_is_not_utf_8(tmp_path: Path) -> None:
    """A header in another encoding stops the read, before anything is compared."""
    refused(tmp_path, f"{HEADER},GRÖSSE", f"{ROW},1", encoding="cp1252")


def test_file_in_utf_16(tmp_path: Path) -> None:
    """What a spreadsheet calls Unicode text is refused."""
    refused(tmp_path, HEADER, ROW, encoding="utf-16")


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig"])
@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_files_as_spreadsheets_write_them(tmp_path: Path, encoding: str, end: str) -> None:
    """A byte order mark and either line end are taken off."""
    rows = read_text(tmp_path, HEADER, ROW, encoding=encoding, end=end)
    assert rows.table.to_pylist() == [
        {"NUMBER": "N1", "STYLE": "A", "S": "1", "M": "2", "TOTAL QTY": "3"}
    ]


def test_other_separator(tmp_path: Path) -> None:
    """A file with semicolons has one column, so the needed ones are absent."""
    error = refused(tmp_path, HEADER.replace(",", ";"), ROW.replace(",", ";"))
    assert 'has no column "NUMBER"' in error.message


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
