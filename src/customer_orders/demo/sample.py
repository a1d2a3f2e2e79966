"""Sample order lines in the shape of ORDERS_UNIFIED, the same on every run.

GREYSON PO 4755 is made line by line after a recipe, with its dirty cells. Before it come more
GREYSON orders and those of eleven invented brands, as many lines as asked for, one at a time:

    python -m customer_orders.demo.sample --rows 100000 --out orders.db
"""

import argparse
import csv
import random
import uuid
from collections.abc import Iterable, Iterator, Mapping
from datetime import date, timedelta
from itertools import accumulate, count, islice, pairwise
from pathlib import Path
from typing import NamedTuple

import sqlalchemy as sa

from customer_orders.demo.tables import (
    TABLE,
    Row,
    columns,
    database,
    orders_table,
    replace,
    whole_rows,
)

__all__ = ["TABLE", "Row", "columns"]

Sizes = tuple[str, ...]

SEED = 20250601
#: Lines of the default sample, with PO 4755 and its blank row.
ROWS = 600

FIVE: Sizes = ("S", "M", "L", "XL", "2XL")
_LETTERS: Sizes = ("XS", "S", "M", "L", "XL")
_DRESS: Sizes = ("0", "2", "4", "6", "8", "10")
_WIDE: Sizes = ("2w", "4w", "6w", "8w", "10w")
_ONE: Sizes = ("ONE SIZE",)
_LEGS: Sizes = ("30/32", "32/32", "34/32", "36/32")
_WAISTS: Sizes = ("28", "30", "32", "34", "36")
_DENIM: Sizes = ("30X30", "32X30", "34X30")
_BABY: Sizes = ("0-3M", "3-6M", "6-9M", "9-12M")
_TODDLER: Sizes = ("2T", "3T", "4T", "5T")
_CUPS: Sizes = ("32C", "32D", "32DD", "34C", "34D", "34DD")
_RANGES: Sizes = ("S(6-8)", "M(8-10)", "L(10-12)")
_HALVES: Sizes = ("S/M", "M/L", "L/XL")
# One brand orders XXL beside 2XL: they are two sizes and must never be merged.
_BOTH_XXL: Sizes = ("L", "XL", "XXL", "2XL", "3XL")


class Brand(NamedTuple):
    """A customer: its order numbers, its share of all lines, its names and its sizes."""

    name: str
    prefix: str
    percent: int
    source_names: tuple[str, ...]
    sizes: tuple[Sizes, ...]


GREYSON = Brand("GREYSON", "GRE", 18, ("GREYSON CLOTHIERS",), (FIVE, FIVE, _LETTERS))
BRANDS = (
    GREYSON,
    Brand("TARN & HOLM", "TAH", 13, ("TARN & HOLM EU", "TARN & HOLM US"), (_LETTERS, _DRESS)),
    Brand("QUILLMOOR", "QUI", 10, ("QUILLMOOR LTD",), (_DRESS, _WIDE)),
    Brand("O'DRAVEN", "ODR", 9, ("O'DRAVEN GOLF",), (_LEGS, FIVE)),
    Brand("TORVANE", "TOR", 7, ("TORVANE WORKWEAR",), (_BOTH_XXL,)),
    Brand("LITTLE OSKET", "OSK", 7, ("LITTLE OSKET BABY", "LITTLE OSKET KIDS"), (_BABY, _TODDLER)),
    Brand("VELLAMIRE", "VEL", 7, ("VELLAMIRE, INC.",), (_LETTERS, _ONE)),
    Brand("KESTERBY", "KES", 7, ("KESTERBY DENIM CO",), (_WAISTS, _DENIM)),
    Brand("PELLWORTH", "PEL", 6, ("PELLWORTH (EUROPE)", "PELLWORTH (ASIA)"), (_RANGES, FIVE)),
    Brand("SunderMoss", "SUN", 6, ("SunderMoss Outdoor",), (_HALVES,)),
    Brand("MIRABRINE", "MIR", 5, ("MIRABRINE",), (_CUPS,)),
    Brand("BREZNAK ATHLETIC", "BRE", 5, ("BREZNAK ATHLETIC",), (FIVE, _ONE)),
)
CUSTOMERS: Mapping[str, tuple[str, ...]] = {brand.name: brand.source_names for brand in BRANDS}
"""The name on the board, and the names in the source that mean it."""

_WEIGHTS = (1, 2, 3, 2.5, 1.5, 1)
_SEASONS = (  # AAG SEASON, CUSTOMER SEASON: free text, blank in several ways
    ("2025 FALL", None),
    ("2025 FALL", ""),
    ("2025 FALL", "FALL 25"),
    ("2026 SPRING ", "SP26"),
    ("2026 SPRING", "SPRING 26 REBUY"),
)
_ARTICLES = (("B", "WOVEN SHORT"), ("K", "KNIT POLO"), ("T", "TRACK TOP"), ("H", "HOODIE"))
_CATEGORIES = (("M", "MENS"), ("L", "WOMENS"), ("Y", "YOUTH"))
_COLOURS = (
    *("417 - MALTESE BLUE", "001 - BLACK", "100 - ARCTIC WHITE", "312 - JUNIPER"),
    *("605 - EMBER", "228 - OAT HEATHER", "470 - ROBIN’S EGG", "033 - SMOKE  PEARL"),
)
_HS_CODES = ("6109.90.10.50", "6105.20.20.10", "6203.43.90.30", "6110.30.30.53")
_WAREHOUSES = (("USA", "DC EAST"), ("USA", "DC WEST"), ("NETHERLANDS", "DC ROTTERDAM"))
_ORDER_TYPES = ("ACTIVE",) * 7 + ("RECEIVED",) * 2 + ("CANCELLED", "Cancelled", "FORECAST")

_ROUND = range(250, 751, 50)
_NOTHING = range(1)
_SINGLES = (  # PO 4755 in order: how many lines, their sizes, totals to draw from, ORDER TYPE
    (26, FIVE, _ROUND, "ACTIVE"),
    (7, ("XS", *FIVE), _ROUND, "ACTIVE"),
    (6, (*FIVE, "3XL"), _ROUND, "ACTIVE"),
    (8, FIVE[:4], _ROUND, "ACTIVE"),
    (2, ("S/M", "L/XL"), _ROUND, "ACTIVE"),
    (8, (), _NOTHING, "CANCELLED"),
    (4, (), _NOTHING, "Cancelled"),
    (4, FIVE, _NOTHING, "ACTIVE"),
)
_PAIRS: tuple[tuple[int, int, Row], ...] = (  # two totals, and what tells the second line apart
    (732, 18, {"PLANNED DELIVERY METHOD": "AIR"}),
    (300, 450, {"ALIAS/RELATED ITEM": "CAPSULE 2"}),
)
_LARGEST = {"GRE-04270": 2100}
_MISCOUNTED = {"GRE-04275": 3, "GRE-04288": -2, "GRE-04303": 4}  # pieces beside TOTAL QTY
_DIRTY: Mapping[str, Row] = {  # text columns only, so that typed files can carry them
    "GRE-04263": {"US TARIFF RATE": "TRUE"},
    "GRE-04268": {"FREIGHT": "0.42 0.57 by air 1.10"},
    "GRE-04274": {"PO NUMBER": "4755 "},
    "GRE-04281": {"CUSTOMER COLOUR DESCRIPTION": '001 - "BLACK" HEATHER'},
    "GRE-04287": {"CUSTOMER COLOUR DESCRIPTION": "100 - ARCTIC WHITE\u00a0"},
    "GRE-04296": {"CUSTOMER COLOUR DESCRIPTION": "318 - MOOSGRÜN"},
}


def rows(count: int = ROWS, seed: int = SEED) -> Iterator[Row]:
    """`count` sparse rows by column name, but never fewer than PO 4755 and its blank row.

    PO 4755 comes last, so that a limit taken before a filter would lose it.
    """
    rng = seeded(seed)
    wanted = po_4755()
    others = BRANDS[1:]
    more_greyson = max(0, count * GREYSON.percent // 100 - len(wanted))
    left = max(0, count - len(wanted) - 1 - more_greyson)
    yield from islice(_lines(rng, GREYSON), more_greyson)
    marks = list(accumulate((brand.percent for brand in others), initial=0))
    for brand, (start, end) in zip(others, pairwise(marks), strict=True):
        # Both ends are rounded alike, so the shares add up to what is left.
        share = left * end // marks[-1] - left * start // marks[-1]
        yield from islice(_lines(rng, brand), share)
    yield from wanted
    yield {"PO NUMBER": "", "CUSTOMER STYLE": " ", "VALIDATION": "MISSING", **_identity(rng)}


def po_4755() -> list[Row]:
    """The acceptance case: 69 lines, 67 order numbers, 53 lines with sizes, 264 sizes.

    It does not depend on the seed: every sample holds the same lines.
    """
    rng = seeded(4755)
    numbers = (f"GRE-{number:05}" for number in count(4260))
    lines = []
    for how_many, sizes, totals, order_type in _SINGLES:
        for number in islice(numbers, how_many):
            total = _LARGEST.get(number, rng.choice(totals))
            pieces = split(total, sizes, miscounted=_MISCOUNTED.get(number, 0))
            line = line_of_4755(rng, number) | pieces | {"ORDER TYPE": order_type}
            lines.append(line | _DIRTY.get(number, {}))
    for first, second, difference in _PAIRS:
        line = line_of_4755(rng, next(numbers))
        lines.append(line | split(first, FIVE))
        lines.append(line | split(second, FIVE) | difference | _identity(rng))
    return lines


def line_of_4755(rng: random.Random, number: str) -> Row:
    return {
        **_order(rng, GREYSON, "4755"),
        **_article(rng, number),
        "AAG SEASON": rng.choice(("2025 FALL", "2025 FALL", "2025 FALL ")),
        "CUSTOMER SEASON": rng.choice((None, None, "")),
        "ORDER TYPE": "ACTIVE",
        "PLANNED DELIVERY METHOD": "SEA",
    }


def _lines(rng: random.Random, brand: Brand) -> Iterator[Row]:
    """Endless lines of one brand, no two with the same key."""
    # Five digits are soon used up; from there on only the PO keeps equal numbers apart.
    numbers = (f"{brand.prefix}-{5000 + serial % 95000:05}" for serial in count())
    for po in count(4801 + 1000 * BRANDS.index(brand)):
        order = _order(rng, brand, str(po))
        for number in islice(numbers, rng.randint(3, 18)):
            line = {**order, **_article(rng, number), **_gaps(rng)}
            yield line | _quantities(rng, brand)
            if rng.random() < 0.03:
                again = {"PLANNED DELIVERY METHOD": "COURIER", **_identity(rng)}
                yield line | _quantities(rng, brand) | again


def _order(rng: random.Random, brand: Brand, po: str) -> Row:
    """What the lines of one PO share."""
    aag_season, customer_season = rng.choice(_SEASONS)
    destination, warehouse = rng.choice(_WAREHOUSES)
    return {
        "CUSTOMER NAME": rng.choice(brand.source_names),
        "CUSTOMER CODE": brand.prefix,
        "PO NUMBER": po,
        "CUSTOMER ALT PO": rng.choice((None, "", f"{po}-B")),
        "AAG SEASON": aag_season,
        "CUSTOMER SEASON": customer_season,
        "DROP": rng.choice(("DROP 1", "DROP 2", None)),
        "RANGE / COLLECTION": rng.choice(("CORE", "PERFORMANCE", "HERITAGE")),
        "DESTINATION": destination,
        "DESTINATION WAREHOUSE": warehouse,
        "DELIVERY TERMS": rng.choice(("FOB", "DDP", "EXW")),
        "PLANNED DELIVERY METHOD": rng.choice(("SEA", "AIR")),
        "FINAL PRICES Y/N": rng.choice(("Y", "N")),
        "PLANNER": rng.choice(("PLANNER A", "PLANNER B")),
        "MAKE OR BUY": "BUY",
    }


def _article(rng: random.Random, number: str) -> Row:
    """What one line is of: style, colour, dates and prices."""
    gender, category = rng.choice(_CATEGORIES)
    kind, description = rng.choice(_ARTICLES)
    style = f"{gender}FA25{kind}{rng.randint(10, 99)}{rng.choice(('', '', 'LS'))}"
    colour = rng.choice(_COLOURS)
    return {
        "AAG ORDER NUMBER": number,
        "CUSTOMER STYLE": style,
        "STYLE DESCRIPTION": f"{category} {description}",
        "PATTERN ID": f"P-{kind}{rng.randint(100, 999)}",
        "ALIAS/RELATED ITEM": rng.choice((None, f"{style}-A")),
        "CUSTOMER COLOUR DESCRIPTION": colour,
        "CUSTOMER''S COLOUR CODE (CUSTOM FIELD) CUSTOMER PROVIDES THIS": colour[:3],
        "INFOR COLOUR CODE": colour[:3],
        "CATEGORY": category,
        "GENDER GROUP CODE": gender,
        "UNIT OF MEASURE": "PCE",
        "NOTES": rng.choice((None, "Hang tags by the customer", "Don’t fold; ship on hangers")),
        **_dates(rng),
        **_prices(rng),
        **_identity(rng),
    }


def _dates(rng: random.Random) -> Row:
    ordered = date(2024, 11, 1) + timedelta(days=rng.randrange(120))
    leaves = ordered + timedelta(days=rng.randint(92, 180))
    arrives = leaves + timedelta(days=rng.randint(20, 45))
    return {
        "ORDER DATE PO RECEIVED": ordered.isoformat(),
        "EX FACTORY DATE": leaves.isoformat(),
        "ETA CUSTOMER WAREHOUSE DATE": arrives.isoformat(),
    }


def _prices(rng: random.Random) -> Row:
    """Numbers as text, as the order workbooks give them."""
    price = rng.uniform(8, 60)
    works, freight = price * 0.55, rng.uniform(0.2, 1.4)
    duty_rate, tariff_rate = rng.choice((0.165, 0.32, 0.071)), rng.choice((0.1, 0.2))
    fob = works + 0.15 + 0.1
    return {
        "CUSTOMER PRICE": f"{price:.{rng.randint(2, 4)}f}",
        "USA ONLY LSTP 75% EX WORKS": f"{works * 0.75:.4f}",
        "EX WORKS (USD)": f"{works:.4f}",
        "ADMINISTRATION FEE": "0.15",
        "DESIGN FEE": "0.10",
        "FX CHARGE": f"{works * 0.012:.6f}",
        "HANDLING": rng.choice(("0.12", "INCLUDED")),
        "SURCHARGE FEE": rng.choice((None, "0.25")),
        "DISCOUNT": rng.choice((None, "0.05")),
        "FINAL FOB (USD)": f"{fob:.4f}",
        "HS CODE": rng.choice(_HS_CODES),
        "US DUTY RATE": f"{duty_rate}",
        "US DUTY": f"{fob * duty_rate:.4f}",
        "FREIGHT": f"{freight:.2f}",
        "US TARIFF RATE": f"{tariff_rate}",
        "US TARIFF": f"{fob * tariff_rate:.4f}",
        "DDP US (USD)": f"{fob * (1 + duty_rate + tariff_rate) + freight:.4f}",
        "SMS PRICE USD": f"{price * 1.5:.2f}",
        "NOTES FOR PRICE": rng.choice((None, "Price holds for reorders")),
        "UK DUTY RATE": "0.12",
    }


def _gaps(rng: random.Random) -> Row:
    """Blanks where the workbooks have them: seasons now and then, prices now and then."""
    chance = rng.random()
    if chance < 0.03:
        return {"AAG SEASON": None, "CUSTOMER SEASON": " "}
    return {"CUSTOMER PRICE": ""} if chance < 0.06 else {}


def _quantities(rng: random.Random, brand: Brand) -> Row:
    total = 12 * rng.randint(2, 80) if rng.random() > 0.05 else 0
    return {"ORDER TYPE": rng.choice(_ORDER_TYPES), **split(total, rng.choice(brand.sizes))}


def split(total: int, sizes: Sizes, *, miscounted: int = 0) -> Row:
    """The total over the sizes by weight, rounded down; what is left goes to the largest."""
    pieces = [0] * len(sizes)
    if total:
        weights = _WEIGHTS[: len(sizes)]
        pieces = [max(1, int(total * weight / sum(weights))) for weight in weights]
        pieces[pieces.index(max(pieces))] += total - sum(pieces) + miscounted
    return {**dict(zip(sizes, pieces, strict=True)), "TOTAL QTY": total}


def _identity(rng: random.Random) -> Row:
    return {"record_uuid": str(uuid.UUID(int=rng.getrandbits(128), version=4)).upper()}


def seeded(seed: int) -> random.Random:
    return random.Random(seed)  # noqa: S311 - the same lines every time, not a secret


def write_sqlite(path: Path, lines: Iterable[Row], *, table: str = TABLE) -> int:
    """Replace `table` in the SQLite file by these lines; how many they were."""
    with database(sqlite_url(path)) as connection:
        return replace(connection, orders_table(table), lines)


def sqlite_url(path: Path) -> sa.URL:
    return sa.URL.create("sqlite", database=str(path))


def write_csv(path: Path, lines: Iterable[Row]) -> int:
    """Write these lines as a spreadsheet would save them, NULL as an empty cell; how many."""
    written = 0
    with path.open("w", encoding="utf-8", newline="") as text:
        writer = csv.writer(text)
        writer.writerow(name for name, _ in columns())
        for cells in whole_rows(lines, orders_table(TABLE)):
            writer.writerow(cells)
            written += 1
    return written


def main() -> None:
    """Write a sample of any size, for benchmarks."""
    parser = argparse.ArgumentParser(prog="customer_orders.demo.sample", description=main.__doc__)
    parser.add_argument("--rows", type=int, default=ROWS, help="lines (default %(default)s)")
    parser.add_argument("--out", type=Path, required=True, help="a .db or .csv file")
    options = parser.parse_args()
    write = {".db": write_sqlite, ".csv": write_csv}.get(options.out.suffix)
    if write is None:
        parser.error(f"--out must end in .db or .csv: {options.out}")
    print(f"wrote {write(options.out, rows(options.rows))} rows to {options.out}")


if __name__ == "__main__":
    main()
