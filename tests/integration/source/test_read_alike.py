"""The same rows give the same cells, from tables of SQLite and PostgreSQL, CSV, Parquet, Excel."""

from collections.abc import Callable
from pathlib import Path

import pyarrow as pa
import pytest
from reading import (
    NEEDED,
    everything,
    of_file,
    of_parquet,
    of_postgres,
    of_table,
    of_workbook,
    write_file,
    write_parquet,
    write_postgres,
    write_table,
    write_workbook,
)

from customer_orders.config import Settings
from customer_orders.demo import sample
from customer_orders.errors import SourceError
from customer_orders.mapping import needed_columns
from customer_orders.source import OrderRows, read

Write = Callable[..., None]
Configure = Callable[..., Settings]
ORDER = ("N1", "A", "PCE", 1, 2, 3, "x")
UNTYPED = [
    pytest.param(write_table, "orders.db", of_table, id="sqlite"),
    pytest.param(write_file, "orders.csv", of_file, id="csv"),
    pytest.param(write_parquet, "orders.parquet", of_parquet, id="parquet"),
    pytest.param(write_workbook, "orders.xlsx", of_workbook, id="xlsx"),
]
#: PostgreSQL holds no text in a column of integers.
ALL = [*UNTYPED, pytest.param(write_postgres, "", of_postgres, id="postgres")]
SAMPLES = [
    pytest.param(sample.write_sqlite, "orders.db", of_table, id="sqlite"),
    pytest.param(sample.write_csv, "orders.csv", of_file, id="csv"),
]


def cells(rows: OrderRows, column: str) -> list[str | None]:
    """The cells of one column."""
    found: list[str | None] = rows.table[column].to_pylist()
    return found


@pytest.mark.parametrize("scope", [(), (("PO NUMBER", "=", "4755"),)])
def test_sqlite_and_csv_are_read_alike(
    tmp_path: Path, scope: tuple[tuple[str, str, str], ...]
) -> None:
    """The sample has the same Arrow content and the same sizes from both, in the same order."""
    sample.write_sqlite(tmp_path / "orders.db", sample.rows())
    sample.write_csv(tmp_path / "orders.csv", sample.rows())
    table = everything(of_table(tmp_path, scope=scope))
    file = everything(of_file(tmp_path, scope=scope))
    assert table.table.schema.equals(file.table.schema)
    assert set(table.table.schema.types) == {pa.string()}
    assert table.table.equals(file.table)
    assert table.sizes == file.sizes
    assert table.table.num_rows == (69 if scope else 600)


@pytest.mark.parametrize(("write", "name", "configure"), SAMPLES)
def test_sizes_by_position_and_type(
    tmp_path: Path, write: Write, name: str, configure: Configure
) -> None:
    """161 integer columns of the span of 162; the text column among them is left out."""
    write(tmp_path / name, sample.po_4755())
    rows = everything(configure(tmp_path))
    assert len(rows.sizes) == 161
    assert "INFOR COLOUR CODE" not in rows.sizes
    assert {"0", "2", "30", "2/3", "L(10-12)"} <= {*rows.sizes}
    assert "INFOR COLOUR CODE" not in rows.table.column_names
    names = [column for column, _ in sample.columns()]
    assert list(rows.sizes) == [name for name in names if name in set(rows.sizes)]


@pytest.mark.parametrize(("write", "name", "configure"), SAMPLES)
def test_every_column_can_be_read(
    tmp_path: Path, write: Write, name: str, configure: Configure
) -> None:
    """All 268 names survive, apostrophes, brackets, per cents and DROP among them."""
    types = dict(sample.columns())
    line = {c: 7 if types[c] == "INT" else f"of {c}" for c in types}
    write(tmp_path / name, [line])
    rows = read(configure(tmp_path), list(types))
    assert rows.table.column_names == list(types)
    assert rows.table.to_pylist() == [{c: str(cell) for c, cell in line.items()}]


@pytest.mark.parametrize(("write", "name", "configure"), SAMPLES)
def test_source_without_rows(tmp_path: Path, write: Write, name: str, configure: Configure) -> None:
    """An empty table gives no rows, in text columns like any other, with its sizes."""
    write(tmp_path / name, [])
    rows = everything(configure(tmp_path))
    assert rows.table.num_rows == 0
    assert set(rows.table.schema.types) == {pa.string()}
    assert len(rows.sizes) == 161


@pytest.mark.parametrize(("write", "name", "configure"), ALL)
def test_only_what_is_needed_is_read(
    tmp_path: Path, write: Write, name: str, configure: Configure
) -> None:
    """The needed columns and the sizes, in table order."""
    write(tmp_path / name, [ORDER])
    # The file's own columns are not those of ORDERS_UNIFIED; whole numbers are sizes there.
    rows = read(configure(tmp_path), NEEDED)
    assert rows.table.column_names == ["NUMBER", "STYLE", "S", "M", "TOTAL QTY"]
    assert list(rows.sizes) == ["S", "M"]


@pytest.mark.parametrize(("write", "name", "configure"), ALL)
def test_cells_are_not_touched(
    tmp_path: Path, write: Write, name: str, configure: Configure
) -> None:
    """Blanks, quotes, line breaks, umlauts and the text NULL arrive as they are."""
    texts = [
        " a ",
        'say "x"',
        "two\nlines",
        "MOOSGRÜN\u00a0",
        "ROBIN’S",
        "NULL",
        "N/A",
        "007",
        "a,b",
    ]
    write(tmp_path / name, [("N", text, "PCE", 1, 2, 3, "") for text in texts])
    assert cells(read(configure(tmp_path), NEEDED), "STYLE") == texts


@pytest.mark.parametrize(("write", "name", "configure"), ALL)
def test_column_of_nothing(tmp_path: Path, write: Write, name: str, configure: Configure) -> None:
    """A column that is NULL in every row is a blank text column."""
    write(tmp_path / name, [("N", None, "PCE", None, 1, None, None)] * 3)
    rows = read(configure(tmp_path), NEEDED)
    assert cells(rows, "STYLE") == cells(rows, "TOTAL QTY") == ["", "", ""]
    assert cells(rows, "S") == ["", "", ""]
    assert list(rows.sizes) == ["S", "M"]


@pytest.mark.parametrize(("write", "name", "configure"), ALL)
def test_text_after_thousands_of_blanks(
    tmp_path: Path, write: Write, name: str, configure: Configure
) -> None:
    """The first text of a column may come at row 5,000; no type is guessed from those before."""
    rows: list[tuple[object, ...]] = [("N", None, "PCE", 1, 2, 3, None)] * 4_999
    write(tmp_path / name, [*rows, ("N", "text", "PCE", 1, 2, 3, None)])
    found = cells(read(configure(tmp_path), NEEDED), "STYLE")
    assert (len(found), found[-1], {*found[:-1]}) == (5_000, "text", {""})


@pytest.mark.parametrize(("write", "name", "configure"), UNTYPED)
@pytest.mark.parametrize("text", ["12.5", "many", "-3"])
def test_dirty_quantity_stays_text(
    tmp_path: Path, write: Write, name: str, configure: Configure, text: str
) -> None:
    """A dirty cell of a known size column is handed on as it is; the column stays a size."""
    columns = ("AAG ORDER NUMBER", "UNIT OF MEASURE", "S", "M", "TOTAL QTY")
    write(tmp_path / name, [("N1", "PCE", text, 2, 3), ("N2", "PCE", 1, 2, 3)], columns)
    rows = read(configure(tmp_path), ["AAG ORDER NUMBER", "TOTAL QTY"])
    assert list(rows.sizes) == ["S", "M"]
    assert cells(rows, "S") == [text, "1"]


SCOPED = [("N1", "A"), ("N2", " A\u00a0"), ("N3", "B"), ("N4", None), ("N5", "a"), ("N6", "O'X")]


@pytest.mark.parametrize(("write", "name", "configure"), ALL)
@pytest.mark.parametrize(
    ("scope", "numbers"),
    [
        ([("STYLE", "=", "A")], "N1 N2"),
        ([("STYLE", "=", "\tA ")], "N1 N2"),
        ([("STYLE", "!=", "A")], "N3 N4 N5 N6"),
        ([("STYLE", "in", ["A", "B "])], "N1 N2 N3"),
        ([("STYLE", "not in", ["A", "B"])], "N4 N5 N6"),
        ([("STYLE", "=", "")], "N4"),
        ([("STYLE", "=", "O'X")], "N6"),
        ([("STYLE", "=", "x' OR 1=1")], ""),
        ([("STYLE", "=", "x' OR '1'='1")], ""),
        ([("STYLE", "=", "%")], ""),
        ([("STYLE", "=", "?")], ""),
        ([("STYLE", "=", "A"), ("NUMBER", "=", "N2")], "N2"),
        ([("S", "=", "1"), ("NUMBER", "in", ["N1", "N3"])], "N1 N3"),
    ],
)
def test_scope(
    tmp_path: Path, write: Write, name: str, configure: Configure, scope: object, numbers: str
) -> None:
    """Conditions are joined with AND, compared trimmed, and their values are bound, never SQL."""
    write(tmp_path / name, [(number, style, "PCE", 1, 2, 3, "") for number, style in SCOPED])
    rows = read(configure(tmp_path, scope=scope), NEEDED)
    assert " ".join(cell or "" for cell in cells(rows, "NUMBER")) == numbers


@pytest.mark.parametrize(("write", "name", "configure"), ALL)
def test_scope_on_awkward_names(
    tmp_path: Path, write: Write, name: str, configure: Configure
) -> None:
    """A condition may stand on any column, whatever it is called."""
    odd = 'it\'s 50% [of: "two"] -- ;'
    quoted = odd.replace('"', '""') if write is write_table else odd
    columns = ("NUMBER", quoted, "UNIT OF MEASURE", "S", "TOTAL QTY")
    write(tmp_path / name, [("N1", "x", "PCE", 1, 2), ("N2", "y", "PCE", 1, 2)], columns)
    rows = read(configure(tmp_path, scope=[(odd, "=", "y")]), ["NUMBER", odd])
    assert rows.table.to_pylist() == [{"NUMBER": "N2", odd: "y", "S": "1"}]


@pytest.mark.parametrize(("write", "name", "configure"), ALL)
@pytest.mark.parametrize(
    ("wanted", "message"),
    [
        ("NUMBR", 'no column "NUMBR" (nearest: "NUMBER")'),
        ("style", 'no column "style" (nearest: "STYLE")'),
        ("Qqqqq", 'no column "Qqqqq"'),
    ],
)
def test_absent_column_is_named(
    tmp_path: Path, write: Write, name: str, configure: Configure, wanted: str, message: str
) -> None:
    """A needed column that is not there is an error with the nearest name, where there is one."""
    write(tmp_path / name, [ORDER])
    with pytest.raises(SourceError) as error:
        read(configure(tmp_path), [*NEEDED, wanted])
    assert error.value.message.endswith(message)
    assert error.value.hint


@pytest.mark.parametrize(("write", "name", "configure"), ALL)
@pytest.mark.parametrize("end", ["after", "before"])
def test_absent_end_of_the_sizes_is_named(
    tmp_path: Path, write: Write, name: str, configure: Configure, end: str
) -> None:
    """Both columns around the sizes must be there, needed otherwise or not."""
    write(tmp_path / name, [ORDER])
    with pytest.raises(SourceError, match='no column "TOTL QTY"'):
        read(configure(tmp_path, sizes={end: "TOTL QTY"}), ["NUMBER"])


@pytest.mark.parametrize(("write", "name", "configure"), ALL)
def test_sizes_between_columns_in_the_wrong_order(
    tmp_path: Path, write: Write, name: str, configure: Configure
) -> None:
    """Columns in another order would hide every size: that is an error, not a table without."""
    columns = ("NUMBER", "TOTAL QTY", "S", "M", "UNIT OF MEASURE")
    write(tmp_path / name, [("N1", 3, 1, 2, "PCE")], columns)
    with pytest.raises(SourceError, match='"TOTAL QTY" must come after "UNIT OF MEASURE"'):
        read(configure(tmp_path), ["NUMBER"])


@pytest.mark.parametrize(("write", "name", "configure"), ALL)
def test_span_without_an_integer(
    tmp_path: Path, write: Write, name: str, configure: Configure
) -> None:
    """A span of text columns alone is an error: its sizes would all be taken for gone."""
    columns = ("NUMBER", "UNIT OF MEASURE", "Size S", "TOTAL QTY")
    write(tmp_path / name, [("N1", "PCE", "many", 3)], columns)
    with pytest.raises(SourceError, match="is an integer"):
        read(configure(tmp_path), ["NUMBER"])


@pytest.mark.parametrize(("write", "name", "configure"), ALL)
def test_source_without_a_span(
    tmp_path: Path, write: Write, name: str, configure: Configure
) -> None:
    """Two neighbouring columns say that there are no sizes."""
    write(tmp_path / name, [("N1", "PCE", 3)], ("NUMBER", "UNIT OF MEASURE", "TOTAL QTY"))
    assert read(configure(tmp_path), ["NUMBER"]).sizes == []


def test_needed_columns_of_the_default_configuration_are_there(tmp_path: Path) -> None:
    """Every column that the shipped profile needs is one of the 268."""
    needed = needed_columns(of_file(tmp_path))
    assert {*needed} <= {name for name, _ in sample.columns()}
