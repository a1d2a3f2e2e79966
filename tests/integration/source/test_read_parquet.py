"""What is particular about a Parquet file: types, and text in place of them."""

from __future__ import annotations

import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet
import pytest
from reading import NEEDED, of_parquet, refused, write_parquet

from customer_orders.errors import SourceError
from customer_orders.source import OrderRows, read

ORDER: dict[str, Any] = {
    "NUMBER": ["N1", "N2"],
    "STYLE": ["A", None],
    "UNIT OF MEASURE": ["PCE", "PCE"],
    "S": [1, None],
    "TOTAL QTY": [3, 4],
}


def read_columns(folder: Path, **columns: Any) -> OrderRows:
    """A read of a file with these columns in place of the usual ones."""
    pa.parquet.write_table(pa.table(ORDER | columns), folder / "orders.parquet")
    return read(of_parquet(folder), [*NEEDED, *columns])


@pytest.mark.parametrize(
    ("cells", "texts"),
    [
        (pa.array([4755.0, 1.5]), ["4755", "1.5"]),
        (pa.array([None, float("nan")]), ["", ""]),
        (pa.array([Decimal("12.50"), Decimal("3.00")]), ["12.50", "3"]),
        (pa.array([datetime.date(2025, 3, 1), None]), ["2025-03-01", ""]),
        (
            pa.array([datetime.datetime(2025, 3, 1), datetime.datetime(2025, 3, 1, 4, 5)]),
            ["2025-03-01", "2025-03-01 04:05:00"],
        ),
        (pa.array([True, False]), ["TRUE", "FALSE"]),
        (pa.array(["a", "b"]).dictionary_encode(), ["a", "b"]),
        (pa.array(["a\0b", "\x01"]), ["a\0b", "\x01"]),
        (pa.array(["GRÜN".encode(), None]), ["GRÜN", ""]),
        (pa.array([2**63 - 1, -(2**63)]), [str(2**63 - 1), str(-(2**63))]),
    ],
)
def test_typed_cells_become_the_text_that_people_write(
    tmp_path: Path, cells: pa.Array, texts: list[str]
) -> None:
    """Whole fractions are whole numbers, a midnight is a date, nothing is a blank."""
    assert read_columns(tmp_path, STYLE=cells).table["STYLE"].to_pylist() == texts


@pytest.mark.parametrize(
    ("cells", "is_size"),
    [
        (pa.array([5, None], pa.int16()), True),
        (pa.array([5.0, None]), True),
        (pa.array([5.0, 1.5]), False),
        (pa.array(["5", ""]), True),
        (pa.array(["5", "red"]), False),
    ],
)
def test_sizes_by_type_or_by_cells(tmp_path: Path, cells: pa.Array, is_size: bool) -> None:
    """An integer is a size; a fraction or a text of an unknown name, if all cells are whole."""
    columns = {name: cells if name == "S" else ORDER[name] for name in ORDER}
    columns = {("Size 9XL" if name == "S" else name): column for name, column in columns.items()}
    columns = {"NUMBER": [], "STYLE": []} | columns
    columns = dict(list(columns.items())[:-1]) | {"M": [1, 2], "TOTAL QTY": [3, 4]}
    pa.parquet.write_table(pa.table(columns), tmp_path / "orders.parquet")
    sizes = read(of_parquet(tmp_path), NEEDED).sizes
    assert list(sizes) == (["Size 9XL", "M"] if is_size else ["M"])


def test_a_name_is_one_file(tmp_path: Path) -> None:
    """Signs that mean many files, or columns, are letters of the name."""
    folder = tmp_path / "SEASON=SP26"
    folder.mkdir()
    for name in ("a*.parquet", "ab.parquet", "[x]?.parquet"):
        write_parquet(folder / name, [("N1", name, "PCE", 1, 2, 3, "x")])
    for name in ("a*.parquet", "[x]?.parquet"):
        rows = read(of_parquet(folder, name), NEEDED).table
        assert rows["STYLE"].to_pylist() == [name]
    with pytest.raises(SourceError, match='no column "SEASON"'):
        read(of_parquet(folder, "ab.parquet"), [*NEEDED, "SEASON"])


@pytest.mark.parametrize("kept", [4, 100, -10, -1])
def test_file_that_was_cut_off(tmp_path: Path, kept: int) -> None:
    """Without its end the file cannot be read, wherever it was cut."""
    path = tmp_path / "orders.parquet"
    write_parquet(path, [("N1", "A", "PCE", 1, 2, 3, "x")] * 500)
    path.write_bytes(path.read_bytes()[:kept])
    assert "cannot be read as Parquet" in refused(of_parquet(tmp_path)).message


@pytest.mark.parametrize(
    ("content", "message"),
    [(b"", "is empty"), (b"\x89PNG", "PNG image"), (b"NUMBER,STYLE\n", "another kind")],
)
def test_file_of_another_kind(tmp_path: Path, content: bytes, message: str) -> None:
    """What only bears the name of a Parquet file is told by how it begins."""
    (tmp_path / "orders.parquet").write_bytes(content)
    assert message in refused(of_parquet(tmp_path)).message


def test_folder_in_place_of_the_file(tmp_path: Path) -> None:
    """Files in parts, in a folder, are not read."""
    (tmp_path / "orders.parquet").mkdir()
    assert "is a folder" in refused(of_parquet(tmp_path)).message


def test_two_columns_of_one_name(tmp_path: Path) -> None:
    """Equal names are refused, also when only the case differs."""
    columns = ("NUMBER", "STYLE", "UNIT OF MEASURE", "S", "TOTAL QTY", "style")
    write_parquet(tmp_path / "orders.parquet", [("N", "A", "PCE", 1, 1, "B")], columns)
    error = refused(of_parquet(tmp_path))
    assert 'columns 2 and 6 are both called "style"' in error.message


@pytest.mark.parametrize("kind", [pa.string(), pa.binary()])
def test_text_that_is_not_utf_8(tmp_path: Path, kind: pa.DataType) -> None:
    """Bytes of another encoding stop the read, whether the column says that it is text or not."""
    broken = pa.array([b"GR\xdcN", b"A"]).view(kind)
    pa.parquet.write_table(pa.table(ORDER | {"STYLE": broken}), tmp_path / "orders.parquet")
    error = refused(of_parquet(tmp_path))
    assert "cannot be read as Parquet" in error.message
    assert "not UTF-8" in error.hint
