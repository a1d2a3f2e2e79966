"""The sample follows its recipe, and the board before the first run fits it."""

import csv
import re
from collections import Counter
from datetime import date
from importlib.resources import files
from itertools import pairwise

import pytest

from customer_orders.demo import board, changes, sample
from customer_orders.demo.sample import FIVE, Row

KEY = (
    *("AAG ORDER NUMBER", "CUSTOMER STYLE", "CUSTOMER COLOUR DESCRIPTION", "PO NUMBER"),
    *("PLANNED DELIVERY METHOD", "ALIAS/RELATED ITEM", "CUSTOMER ALT PO"),
)
NAMES = [name for name, _ in sample.columns()]
TYPES = dict(sample.columns())
SIZES = [
    name
    for name in NAMES[NAMES.index("UNIT OF MEASURE") : NAMES.index("TOTAL QTY")]
    if TYPES[name] == "INT"
]


def shipped(file: str) -> list[dict[str, str]]:
    """The rows of a list that the package ships."""
    text = (files("customer_orders") / "config" / file).read_text(encoding="utf-8")
    return list(csv.DictReader(text.splitlines()))


def text(line: Row, column: str) -> str:
    """A cell as the mapping compares it: blank is NULL, the ends trimmed."""
    return str(line.get(column) or "").strip(" \t\r\n\u00a0")


def ordered(line: Row) -> dict[str, int]:
    """The sizes with a quantity."""
    return {size: int(line[size] or 0) for size in SIZES if line.get(size)}


def key(line: Row) -> tuple[str, ...]:
    return tuple(text(line, column).upper() for column in KEY)


@pytest.fixture(scope="module")
def lines() -> list[Row]:
    return list(sample.rows())


@pytest.fixture(scope="module")
def po(lines: list[Row]) -> list[Row]:
    return [line for line in lines if text(line, "PO NUMBER") == "4755"]


def test_po_has_69_lines_with_67_numbers(po: list[Row]) -> None:
    """The numbers run from GRE-04260 to GRE-04326; two of them stand on two lines."""
    numbers = Counter(str(line["AAG ORDER NUMBER"]) for line in po)
    assert len(po) == 69
    assert sorted(numbers) == [f"GRE-{number:05}" for number in range(4260, 4327)]
    assert sorted(numbers.values())[-3:] == [1, 2, 2]


def test_po_has_53_lines_with_264_sizes(po: list[Row]) -> None:
    """30 lines of five sizes, 13 of six, 8 of four and 2 of two."""
    runs = Counter(tuple(ordered(line)) for line in po if ordered(line))
    assert sum(runs.values()) == 53
    assert sum(len(run) * lines for run, lines in runs.items()) == 264
    in_table_order = ("S", "M", "L", "XL", "2XL")
    assert runs == {
        in_table_order: 30,
        ("XS", *in_table_order): 7,
        (*in_table_order, "3XL"): 6,
        ("S", "M", "L", "XL"): 8,
        ("S/M", "L/XL"): 2,
    }


def test_po_has_16_lines_without_sizes(po: list[Row]) -> None:
    """Twelve are cancelled, in two spellings; four are active with a total of 0."""
    without = [line for line in po if not ordered(line)]
    assert Counter(line["ORDER TYPE"] for line in without) == {
        "CANCELLED": 8,
        "Cancelled": 4,
        "ACTIVE": 4,
    }
    assert {line["TOTAL QTY"] for line in without} == {0}
    zeros = [line for line in without if line["ORDER TYPE"] == "ACTIVE"]
    assert all(line[size] == 0 for line in zeros for size in FIVE)
    assert {line["ORDER TYPE"] for line in po if ordered(line)} == {"ACTIVE"}


def test_po_totals(po: list[Row]) -> None:
    """Multiples of 50 from 250 to 750, but 18, 732 and 2,100."""
    totals = [int(line["TOTAL QTY"] or 0) for line in po if ordered(line)]
    assert (min(totals), max(totals)) == (18, 2100)
    odd = [total for total in totals if total not in range(250, 751, 50)]
    assert sorted(odd) == [18, 732, 2100]


def test_po_sizes_add_up_on_50_lines(po: list[Row]) -> None:
    """On three lines they miss the total by a few pieces."""
    off = [sum(ordered(line).values()) - int(line["TOTAL QTY"] or 0) for line in po]
    assert sorted(pieces for pieces in off if pieces) == [-2, 3, 4]


@pytest.mark.parametrize(
    ("total", "sizes", "pieces"),
    [
        (500, FIVE, [50, 100, 150, 125, 75]),
        (18, FIVE, [1, 3, 8, 4, 2]),
        (400, FIVE[:4], [47, 94, 142, 117]),
        (300, ("S/M", "L/XL"), [100, 200]),
        (550, (*FIVE, "3XL"), [50, 100, 150, 125, 75, 50]),
        (24, ("ONE SIZE",), [24]),
        (0, FIVE, [0, 0, 0, 0, 0]),
    ],
)
def test_split(total: int, sizes: sample.Sizes, pieces: list[int]) -> None:
    """By weight and rounded down, none below 1, the rest to the largest."""
    split = sample.split(total, sizes)
    assert split == {**dict(zip(sizes, pieces, strict=True)), "TOTAL QTY": total}


def test_po_equal_numbers(po: list[Row]) -> None:
    """Each pair is one style in one colour and differs in one key column and its total."""
    numbers = Counter(line["AAG ORDER NUMBER"] for line in po)
    twice = [line for line in po if numbers[line["AAG ORDER NUMBER"]] == 2]
    found = []
    for first, second in zip(twice[::2], twice[1::2], strict=True):
        columns = [column for column in KEY if text(first, column) != text(second, column)]
        found.append((columns, first["TOTAL QTY"], second["TOTAL QTY"]))
    assert found == [
        (["PLANNED DELIVERY METHOD"], 732, 18),
        (["ALIAS/RELATED ITEM"], 300, 450),
    ]


def test_po_is_one_group(po: list[Row]) -> None:
    """CUSTOMER SEASON is blank in both ways, AAG SEASON sometimes ends in a blank."""
    assert {line["CUSTOMER NAME"] for line in po} == {"GREYSON CLOTHIERS"}
    assert {line["CUSTOMER SEASON"] for line in po} == {None, ""}
    assert {line["AAG SEASON"] for line in po} == {"2025 FALL", "2025 FALL "}


def test_po_dirty_cells(po: list[Row]) -> None:
    """Each dirty cell of the recipe stands on exactly one line."""
    colours = [str(line["CUSTOMER COLOUR DESCRIPTION"]) for line in po]
    assert sum(line["US TARIFF RATE"] == "TRUE" for line in po) == 1
    assert sum(not re.fullmatch(r"\d+\.\d+", str(line["FREIGHT"])) for line in po) == 1
    assert [line["PO NUMBER"] for line in po].count("4755 ") == 1
    assert sum('"' in colour for colour in colours) == 1
    assert sum(colour.endswith("\u00a0") for colour in colours) == 1
    assert sum("Ü" in colour for colour in colours) == 1


def test_po_is_clean_outside_text_columns(lines: list[Row]) -> None:
    """Whole numbers and ISO dates only, so that a typed file can carry the sample."""
    for line in lines:
        for name, value in line.items():
            if TYPES[name] == "INT":
                assert isinstance(value, int), name
                assert value >= 0
            else:
                assert value is None or isinstance(value, str), name
            if TYPES[name] == "DATE":
                assert date.fromisoformat(str(value)).isoformat() == value


def test_po_dates_and_prices(po: list[Row]) -> None:
    """Ordered in winter, made in 3 to 6 months, there 20 to 45 days later, for 8 to 60 dollars."""
    for line in po:
        ordered_on, leaves, arrives = (
            date.fromisoformat(str(line[name]))
            for name in (
                "ORDER DATE PO RECEIVED",
                "EX FACTORY DATE",
                "ETA CUSTOMER WAREHOUSE DATE",
            )
        )
        assert date(2024, 11, 1) <= ordered_on <= date(2025, 2, 28)
        assert 90 <= (leaves - ordered_on).days <= 184
        assert 20 <= (arrives - leaves).days <= 45
        assert re.fullmatch(r"\d{1,2}\.\d{2,4}", str(line["CUSTOMER PRICE"]))
        assert 8 <= float(str(line["CUSTOMER PRICE"])) <= 60


def test_one_blank_row(lines: list[Row]) -> None:
    """It has no key, no customer and no quantity, and is the only such row."""
    blank = [line for line in lines if not any(key(line))]
    assert len(blank) == 1
    assert not text(blank[0], "CUSTOMER NAME")
    assert not ordered(blank[0])
    assert "TOTAL QTY" not in blank[0]


def test_every_fed_column_is_filled(po: list[Row]) -> None:
    """All 46 source columns of the board have a value in PO 4755, but for its blank season."""
    fed = [row["source_column"] for row in shipped("board_columns.csv")]
    fed = [column for column in fed if column and not column.startswith("(")]
    assert len(fed) == 46
    empty = [column for column in fed if not any(text(line, column) for line in po)]
    assert empty == ["CUSTOMER SEASON"]


def test_every_line_can_be_delivered(lines: list[Row]) -> None:
    """Known customer, a number, a known order type and unit, and a key of its own."""
    known = {name for names in sample.CUSTOMERS.values() for name in names}
    real = [line for line in lines if any(key(line))]
    assert {line["CUSTOMER NAME"] for line in real} == known
    assert all(re.fullmatch(r"[A-Z]{3}-\d{5}", str(line["AAG ORDER NUMBER"])) for line in real)
    assert {text(line, "ORDER TYPE").upper() for line in real} == {
        *("ACTIVE", "RECEIVED", "CANCELLED", "FORECAST")
    }
    assert {line["UNIT OF MEASURE"] for line in real} == {"PCE"}
    assert len({key(line) for line in real}) == len(real) == 599


def test_customers_are_skewed(lines: list[Row]) -> None:
    """Twelve customers, of which the six largest hold about 64 % of the lines."""
    canonical = {name: customer for customer, names in sample.CUSTOMERS.items() for name in names}
    held = Counter(canonical[str(line["CUSTOMER NAME"])] for line in lines if any(key(line)))
    assert set(held) == set(sample.CUSTOMERS)
    assert len(held) == 12
    assert sum(count for _, count in held.most_common(6)) / len(lines) == pytest.approx(
        0.64, abs=0.01
    )
    assert held.most_common(1) == [("GREYSON", 108)]


def test_no_name_is_claimed_twice() -> None:
    """Each name in the source means one customer, and some customers have several."""
    names = [name for names in sample.CUSTOMERS.values() for name in names]
    assert len(set(names)) == len(names)
    assert sample.CUSTOMERS["GREYSON"] == ("GREYSON CLOTHIERS",)
    assert sum(len(names) > 1 for names in sample.CUSTOMERS.values()) >= 2
    assert all(any(mark in name for name in names) for mark in "',(&")


def test_other_brands_bring_their_own_ways(lines: list[Row]) -> None:
    """Other size systems, XXL beside 2XL, lines without a season, blank prices."""
    sizes = {size for line in lines for size in ordered(line)}
    assert sizes >= {"30/32", "0-3M", "2T", "ONE SIZE", "10w", "32DD", "S(6-8)", "30X30"}
    assert any({"XXL", "2XL"} <= set(ordered(line)) for line in lines)
    unseasoned = [
        line
        for line in lines
        if any(key(line)) and not text(line, "CUSTOMER SEASON") + text(line, "AAG SEASON")
    ]
    assert unseasoned
    assert {"SP26", "SPRING 26 REBUY"} <= {text(line, "CUSTOMER SEASON") for line in lines}
    assert any(any(key(line)) and not text(line, "CUSTOMER PRICE") for line in lines)


def test_same_lines_every_time(lines: list[Row]) -> None:
    """The sample depends on its seed alone, and PO 4755 not even on that."""
    assert list(sample.rows()) == lines
    other = list(sample.rows(seed=1))
    assert other != lines
    assert other[-70:-1] == lines[-70:-1] == sample.po_4755()


@pytest.mark.parametrize(("wanted", "made"), [(0, 70), (70, 70), (100, 100), (5000, 5000)])
def test_any_size(wanted: int, made: int) -> None:
    """As many lines as asked for, PO 4755 whole among them, and no key twice."""
    lines = list(sample.rows(wanted))
    assert len(lines) == made
    assert lines[-70:-1] == sample.po_4755()
    assert len({key(line) for line in lines}) == made


def test_order_numbers_come_round() -> None:
    """A large sample uses five digits up; the PO still keeps the keys apart."""
    brand = sample.BRANDS[-1]
    keys = set()
    for made, line in enumerate(sample._lines(sample.seeded(1), brand), start=1):
        keys.add(key(line))
        if made == 100_000:
            break
    assert len(keys) == 100_000


def test_board_columns() -> None:
    """Titles and types follow the shipped lists, ids are unlike, and the key column is last."""
    items, subitems = board.seed()["boards"]
    titles = [(column["title"], column["type"]) for column in items["columns"]]
    listed = [(row["title"], row["monday_type"]) for row in shipped("board_columns.csv")]
    assert titles == [*listed, ("LINE KEY", "text")]
    assert [column["title"] for column in subitems["columns"]] == [
        row["title"] for row in shipped("subitem_columns.csv")
    ]
    for columns in (items["columns"], subitems["columns"]):
        ids = [column["id"] for column in columns]
        assert len(set(ids)) == len(ids)
        assert all(re.fullmatch(r"name|subitems|[a-z_]+_mk[0-9a-f]{6}", each) for each in ids)
        assert max(map(len, ids)) <= 24


def test_board_labels() -> None:
    """The closed lists are known from the start; what may grow starts empty."""
    items, subitems = board.seed()["boards"]
    labels = {
        column["title"]: [label["label"] for label in column["settings"]["labels"]]
        for column in (*items["columns"], *subitems["columns"])
        if column["type"] in ("dropdown", "status")
    }
    assert labels["CUSTOMER"] == list(sample.CUSTOMERS)
    assert labels["ORDER TYPE"] == ["RECEIVED", "CANCELLED", "FORECAST"]
    assert labels["UNIT OF MEASURE"] == ["PCE"]
    for title in ("AAG SEASON", "CUSTOMER SEASON", "CATEGORY", "DROP", "DELIVERY TERMS", "Size"):
        assert labels[title] == []


def test_board_options() -> None:
    """Limit and settings are the caller's; the boards know each other; tokens fit only here."""
    state = board.seed(items_limit=5, settings={"complexity_per_minute": 1})
    items, subitems = state["boards"]
    assert items["items_limit"] == 5
    assert state["settings"] == {"complexity_per_minute": 1}
    assert items["subitems_board"] == subitems["id"] == "9000000002"
    assert items["name"] == "Customer Master Schedule"
    assert all(user["token"].startswith("emulator-") for user in state["users"])


def test_changes_touch_distinct_lines() -> None:
    """Each change has a line of its own; together they are the demo's third run."""
    lines = [change.line for change in changes.CHANGES]
    assert all(first != second for first, second in pairwise(sorted(lines)))
    assert sum(change.items_created for change in changes.CHANGES) == 1
