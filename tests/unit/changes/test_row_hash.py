"""What the row hash covers: all that reaches the board, and nothing else."""

import pytest
from detecting import COLUMNS, Row, detected, keyed, line_of, order
from hypothesis import given, settings
from hypothesis import strategies as st

TRIMMED = " \t\r\n\u00a0"


def row_hash(**cells: str | None) -> str:
    """The row hash of the order with these cells."""
    return line_of(order(**cells)).row_hash


@pytest.mark.parametrize("column", COLUMNS.hashed)
def test_every_hashed_cell_counts(column: str) -> None:
    """Another text in any column that reaches the board is a change, so is a blank."""
    assert row_hash(**{column: "99"}) != row_hash()
    assert row_hash(**{column: "99"}) != row_hash(**{column: "98"})


@pytest.mark.parametrize("column", sorted({*COLUMNS.hashed} - {"NUMBER"}))
def test_every_hashed_cell_that_goes_blank_counts(column: str) -> None:
    """A cell that is emptied is a change as well."""
    assert row_hash(**{column: "99"}) != row_hash(**{column: None})


@pytest.mark.parametrize("size", COLUMNS.sizes)
def test_every_size_counts(size: str) -> None:
    """A quantity that differs, appears or vanishes is a change."""
    assert row_hash(**{size: "99"}) != row_hash()
    assert row_hash(**{size: "99"}) != row_hash(**{size: "98"})
    assert row_hash(**{size: "99"}) != row_hash(**{size: None})


@pytest.mark.parametrize("blank", ["", " ", "\t", "\u00a0", " \r\n"])
def test_blank_is_null(blank: str) -> None:
    """A cell of blanks, an empty one and NULL are the same."""
    assert row_hash(PRICE=blank, L=blank) == row_hash(PRICE=None, L=None)


@pytest.mark.parametrize("none", ["0", " 0 ", "", None])
def test_size_of_nothing_is_no_size(none: str | None) -> None:
    """0, blank and NULL pieces of a size are the same."""
    assert row_hash(L=none) == row_hash()


def test_blanks_around_do_not_count() -> None:
    """Cells are trimmed before they are hashed."""
    assert row_hash(PRICE="\u00a012.50\t", S=" 10 ") == row_hash()


def test_case_counts() -> None:
    """The hash sees upper and lower case, unlike the key: the board shows them."""
    assert row_hash(STYLE="mfa25b60") != row_hash(STYLE="MFA25B60")


def test_unmapped_columns_do_not_count() -> None:
    """Load times, surrogate keys and other columns stay out."""
    assert row_hash(LOADED="2025-06-01", record_uuid="A1") == row_hash(LOADED="2025-06-02")


def test_order_of_columns_does_not_count() -> None:
    """The table may have its columns, sizes among them, in another order."""
    backwards = dict(reversed(order().items()))
    sizes = keyed(*COLUMNS.key, sizes=COLUMNS.sizes[::-1])
    assert line_of(backwards).row_hash == line_of(order()).row_hash
    assert line_of(order(), sizes).row_hash == line_of(order()).row_hash


def test_new_empty_size_column_does_not_count() -> None:
    """A size column that the source gains is no change of the lines that do not use it."""
    wider = keyed(*COLUMNS.key, sizes=("XS", *COLUMNS.sizes, "XL"))
    assert line_of(order(), wider).row_hash == line_of(order()).row_hash


TWO = keyed("NUMBER", hashed=("A", "B"), sizes=("S", "S=1", "M"))


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ({"A": "a", "B": "b\x1fc"}, {"A": "a\x1fb", "B": "c"}),
        ({"A": "a\\", "B": "b"}, {"A": "a", "B": "\\b"}),
        ({"A": "a\\x1fb"}, {"A": "a\x1fb"}),
        ({"A": "a", "B": None}, {"A": None, "B": "a"}),
        ({"B": "b\x1eS=1"}, {"B": "b", "S": "1\x1e"}),
        ({"B": "b\x1fS\x1f1"}, {"B": "b", "S": "1"}),
        ({"S": "1=2"}, {"S=1": "2"}),
        ({"S": "1"}, {"M": "1"}),
        ({"S": "1\x1fM\x1f2"}, {"S": "1", "M": "2"}),
    ],
)
def test_separators_move_no_border(one: Row, other: Row) -> None:
    """Cells that hold a separator, a backslash or an equals sign are never taken for others."""
    bare = order(S=None, M=None)
    first, second = detected([bare | one, bare | other], columns=TWO).lines()
    assert first.row_hash != second.row_hash


texts = st.none() | st.text(alphabet="ab\\\x1e\x1fx1f= \u00a0S", max_size=5)
cells = st.fixed_dictionaries({"A": texts, "B": texts, "S": texts, "M": texts})


@settings(max_examples=60, deadline=None)
@given(st.lists(cells, min_size=2, max_size=12))
def test_equal_hash_means_equal_cells(rows: list[Row]) -> None:
    """Two rows have one hash if and only if their trimmed cells and sizes are equal."""
    wholes = [order(**row) for row in rows]

    def content(row: Row) -> tuple[str, ...]:
        trimmed = {name: (row.get(name) or "").strip(TRIMMED) for name in "ABSM"}
        sizes = ("" if trimmed[size] == "0" else trimmed[size] for size in "SM")
        return trimmed["A"], trimmed["B"], *sizes

    lines = list(detected([{**r, "S=1": None} for r in wholes], columns=TWO).lines())
    by_hash = {line.row_hash for line in lines}
    by_content = {content(row) for row in wholes}
    assert len(by_hash) == len(by_content)
    assert len({(x.row_hash, content(r)) for x, r in zip(lines, wholes, strict=True)}) == len(
        by_hash
    )


def test_hash_is_sha256_in_hex() -> None:
    """64 hexadecimal digits, the same on every run."""
    assert len(row_hash()) == 64
    assert int(row_hash(), 16) > 0
    assert row_hash() == row_hash()
