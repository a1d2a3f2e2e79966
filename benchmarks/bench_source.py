"""How fast sources are read, and in how much memory: `make bench-source` prints one table.

The sample of 100,000 order lines in 268 columns is written in each form; each is then read in a
process of its own. Peak memory is that of the reading process, Python and its libraries included:
the first line says what these take by themselves. Other sizes: `make bench-source ARGS="10000"`.
PostgreSQL is started for it, from this machine's programs or a package.
"""

from __future__ import annotations

import csv
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterable
from itertools import islice
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet
import xlsxwriter
from rich.console import Console
from rich.table import Table

from customer_orders.databases import database_url
from customer_orders.demo import sample, tables
from postgres import postgres

ROWS = 100_000
BATCH = 5_000
#: Holds the URL of the database, with its password.
DATABASE = "BENCH_SOURCE_URL"
#: Peak megabytes allowed for all lines; a workbook is laid out whole by its reader.
TARGET, WORKBOOK_TARGET = 800, 2_000
NAMES = [name for name, _ in sample.columns()]
READ = """
import json, logging, resource, sys, time
from pathlib import Path
import structlog
from customer_orders.config import Settings
from customer_orders.mapping import needed_columns
from customer_orders.source import read
structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING))
source = json.loads(sys.argv[1])
rows, begun = 0, time.perf_counter()
if source:
    settings = Settings.model_validate({
        "source": source, "board": [{"id": "1", "name": "B"}], "customers": {"GREYSON": []}})
    rows = read(settings, needed_columns(settings)).table.num_rows
peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
print(json.dumps([rows, time.perf_counter() - begun, peak]))
"""


def main() -> int:
    """Write and read every form; 1 when a target is missed or a line is lost."""
    count = int(sys.argv[1]) if len(sys.argv) > 1 else ROWS
    table = Table("source", "file MB", "rows", "seconds", "peak MB", "target", "met")
    table.add_row("nothing", "", *measured({})[1:], "", "")
    met = True
    with tempfile.TemporaryDirectory() as folder, postgres() as server:
        os.environ[DATABASE] = server.database()
        for name, file, write, source, target in forms(Path(folder)):
            write(file, count)
            rows, *figures = measured(source)
            good = int(rows) == count and float(figures[-1].replace(",", "")) < target
            met = met and good
            size = f"{file.stat().st_size / 1e6:,.0f}" if file.exists() else ""
            table.add_row(name, size, *figures, f"under {target:,}", "yes" if good else "NO")
    Console(width=100).print(table)
    return 0 if met else 1


Form = tuple[str, Path, Callable[[Path, int], object], dict[str, str], int]


def forms(folder: Path) -> Iterable[Form]:
    """Name, file, how it is written, how it is read, and the memory it may take."""
    database = folder / "orders.db"
    table = {"table": sample.TABLE}
    yield "SQLite", database, write_sqlite, {"url": f"sqlite:///{database}", **table}, TARGET
    generic = {"url": f"sqlite+pysqlite:///{database}", **table}
    yield "SQLite, SQLAlchemy", database, lambda _, __: None, generic, TARGET
    yield (
        "PostgreSQL, ADBC",
        folder / "-",
        write_postgres,
        {"url": f"env/{DATABASE}", **table},
        TARGET,
    )
    generic = {"url": f"env/{DATABASE}_GENERIC", **table}
    yield "PostgreSQL, SQLAlchemy", folder / "-", lambda _, __: None, generic, TARGET
    for name, file, write in (
        ("CSV, UTF-8", "orders.csv", write_csv),
        ("CSV, UTF-16, tabs", "orders.tsv", write_tabs),
        ("Parquet", "orders.parquet", write_parquet),
    ):
        yield name, folder / file, write, {"file": str(folder / file)}, TARGET
    file = folder / "orders.xlsx"
    yield "Excel", file, write_workbook, {"file": str(file)}, WORKBOOK_TARGET


def measured(source: dict[str, str]) -> tuple[str, ...]:
    """Rows, then rows, seconds and peak megabytes as text, of a read in a process of its own."""
    command = [sys.executable, "-c", READ, json.dumps(source)]
    done = subprocess.run(command, stdout=subprocess.PIPE, check=True)
    rows, seconds, peak = json.loads(done.stdout)
    return str(rows), f"{rows:,}", f"{seconds:.1f}", f"{peak:,.0f}"


def write_sqlite(path: Path, count: int) -> None:
    sample.write_sqlite(path, sample.rows(count))


def write_postgres(_: Path, count: int) -> None:
    url = os.environ[DATABASE]
    os.environ[f"{DATABASE}_GENERIC"] = url.replace("postgresql:", "postgresql+psycopg:")
    with tables.database(database_url(url)) as connection:
        tables.replace(connection, tables.orders_table(sample.TABLE), sample.rows(count))


def write_csv(path: Path, count: int) -> None:
    sample.write_csv(path, sample.rows(count))


def write_tabs(path: Path, count: int) -> None:
    with path.open("w", encoding="utf-16", newline="") as file:
        writer = csv.DictWriter(file, NAMES, delimiter="\t")
        writer.writeheader()
        writer.writerows(sample.rows(count))


def write_parquet(path: Path, count: int) -> None:
    """Quantities as integers, all else as text, a batch at a time."""
    kinds = {"INT": pa.int32()}
    schema = pa.schema([(name, kinds.get(kind, pa.string())) for name, kind in sample.columns()])
    lines = sample.rows(count)
    with pyarrow.parquet.ParquetWriter(path, schema) as writer:
        while batch := list(islice(lines, BATCH)):
            writer.write_table(pa.Table.from_pylist(batch, schema))


def write_workbook(path: Path, count: int) -> None:
    """Quantities as numbers, all else as text, row by row."""
    places = {name: place for place, name in enumerate(NAMES)}
    with xlsxwriter.Workbook(path, {"constant_memory": True}) as book:
        sheet = book.add_worksheet("Orders")
        sheet.write_row(0, 0, NAMES)
        for number, row in enumerate(sample.rows(count), start=1):
            for name, cell in row.items():
                write = sheet.write_string if isinstance(cell, str) else sheet.write_number
                if cell is not None:
                    write(number, places[name], cell)


if __name__ == "__main__":
    sys.exit(main())
