"""Runs `detect.sql` and hands out its verdicts; unchanged lines never become Python objects."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from importlib.resources import files
from typing import Any

import duckdb
import pyarrow as pa

from customer_orders.changes.identity import line_uuid
from customer_orders.config import SourceSettings
from customer_orders.databases import DUCKDB
from customer_orders.model import (
    BLANKS,
    Cell,
    Finding,
    Held,
    Kind,
    OrderLine,
    Severity,
    Unchanged,
    shown,
)

STATEMENTS = (files("customer_orders.changes") / "detect.sql").read_text(encoding="utf-8")
#: Rows of candidates in memory at a time.
BATCH = 2_000
ROW = "customer_orders.row"
NO_NUMBER = "(no order number)"


@dataclass(frozen=True, kw_only=True, slots=True)
class Columns:
    """Source columns by their part in detection."""

    #: The line key, in order; the first must not be blank.
    key: Sequence[str]
    #: Key columns that a re-keyed line keeps.
    anchor: Sequence[str]
    #: What the row hash covers beside the sizes.
    hashed: Sequence[str]
    sizes: Sequence[str]
    #: Total quantity of a line; None where the source has none.
    total: str | None
    customer: str
    po: str | None
    #: The first that is not blank is the season.
    seasons: Sequence[str]

    @classmethod
    def of(
        cls, source: SourceSettings, hashed: Sequence[str], sizes: Sequence[str], *, rekey: bool
    ) -> Columns:
        """The columns by the configuration, the mapping's columns and the sizes found.

        Without `rekey` no line is known again under another key: after a change of scope a
        missing line may only have left it.
        """
        return cls(
            key=source.key,
            # Nor without the whole anchor: equal order numbers are many.
            anchor=source.anchor if rekey and set(source.anchor) <= set(source.key) else (),
            hashed=hashed,
            sizes=sizes,
            total=source.sizes.before if source.sizes else None,
            customer=source.customer,
            po=source.po,
            seasons=source.seasons,
        )

    @property
    def values(self) -> list[str]:
        """Columns that an order line carries, sizes apart."""
        po = (self.po,) if self.po else ()
        return sorted({*self.hashed, *self.key, self.customer, *po, *self.seasons})


@dataclass(kw_only=True)
class Changes:
    """What detection found. `lines()` and `held()` may be read once each."""

    #: Rows read, blank ones among them.
    rows: int
    #: Rows with blank key cells and no quantity.
    dropped: int
    #: Rows by customer name in the source, blank rows left out.
    rows_by_customer: Mapping[Cell, int]
    unchanged: Sequence[Unchanged]
    #: record_uuids to be looked at that the snapshot already has.
    known: Sequence[str]
    #: record_uuids that the source no longer has.
    missing: Sequence[str]
    columns: Columns
    _engine: duckdb.DuckDBPyConnection = field(repr=False)

    def lines(self) -> Iterator[OrderLine]:
        """The lines to be looked at, in source order."""
        names = self.columns.values
        for row in self._rows("kind in ('new', 'changed', 'again')"):
            yield OrderLine(
                record_uuid=row["record_uuid"],
                line_key=row["line_key"],
                ordinal=row["ordinal"],
                row=row["row"],
                row_hash=row["row_hash"],
                kind=Kind(row["kind"]),
                values=dict(zip(names, row["value_cells"], strict=True)),
                sizes={size[0]: size[1] for size in map(_pair, row["sizes"])},
            )

    def identities(self) -> pa.Table:
        """Row (from 1), record_uuid and row_hash of every row whose line can be told."""
        return self._engine.sql(
            "select row, v.record_uuid, row_hash from line join verdict v using (row) "
            "where v.record_uuid is not null order by row"
        ).to_arrow_table()

    def held(self) -> Iterator[Held]:
        """The rows whose line cannot be told, each with its finding."""
        for row in self._rows("kind in ('equal keys', 'rekeyed', 'unidentified')"):
            yield _held(row, self.columns)

    def _rows(self, condition: str) -> Iterator[dict[str, Any]]:
        reader = (
            self._engine.cursor()
            .sql("select l.*, v.* exclude (row) from line l join verdict v using (row)")
            .filter(condition)
            .order("row")
            .to_arrow_reader(BATCH)
        )
        for batch in reader:
            yield from batch.to_pylist()


def detect(
    source: pa.Table,
    known: pa.Table,
    columns: Columns,
    mapping_version: str,
    *,
    every_line: bool = False,
) -> Changes:
    """Compare the rows of a complete read with the snapshot.

    `source` holds text columns by name; `known` holds record_uuid, line_key, ordinal, customer,
    row_hash, seen_hash, mapping_version, review (true where a finding asks for another look) and
    subitems (how many were delivered).
    With `every_line`, unchanged lines are handed out too, as lines to be looked at again.
    """
    engine = duckdb.connect(config=DUCKDB)
    engine.register("known", known)
    numbered = source.append_column(ROW, pa.array(range(1, source.num_rows + 1), pa.int64()))
    _normalised(engine.from_arrow(numbered), columns).create_view("source_line")
    anchor = [place for place, name in enumerate(columns.key, 1) if name in columns.anchor]
    engine.execute(
        "create temp table setting as select ?::int[] as anchor, ?::text as mapping_version",
        [anchor, mapping_version],
    )
    engine.execute(STATEMENTS)
    _renumber_taken(engine)
    engine.execute(
        "insert into verdict select row, null, null, 'unidentified' from line where unidentified"
    )
    if every_line:
        engine.execute("update verdict set kind = 'again' where kind = 'unchanged'")
    return Changes(
        rows=source.num_rows,
        dropped=source.num_rows - _count(engine, "select count(*) from line"),
        rows_by_customer=_by_customer(engine),
        unchanged=_tallies(engine),
        known=_known(engine),
        missing=_missing(engine),
        columns=columns,
        _engine=engine,
    )


def _normalised(rows: duckdb.DuckDBPyRelation, columns: Columns) -> duckdb.DuckDBPyRelation:
    """The rows in the fixed shape that `detect.sql` reads; names are quoted by the engine."""
    call, column, constant = (
        duckdb.FunctionExpression,
        duckdb.ColumnExpression,
        duckdb.ConstantExpression,
    )

    nothing = constant(None).cast(duckdb.sqltype("VARCHAR"))

    def text(name: str | None) -> duckdb.Expression:
        if name is None:
            return nothing
        return call("nullif", call("trim", column(name), constant(BLANKS)), constant(""))

    def cells(names: Sequence[str]) -> duckdb.Expression:
        values = call("list_value", *map(text, names)) if names else constant([])
        return values.cast(duckdb.sqltype("VARCHAR[]"))

    ordered = duckdb.LambdaExpression(
        "size",
        (call("struct_extract", column("size"), constant(2)).isnotnull())
        & (call("struct_extract", column("size"), constant(2)) != constant("0")),
    )
    names = constant(list(columns.sizes)).cast(duckdb.sqltype("VARCHAR[]"))
    return rows.select(
        column(ROW).alias("row"),
        cells(columns.key).alias("key_cells"),
        cells(columns.hashed).alias("hashed_cells"),
        cells(columns.values).alias("value_cells"),
        call("list_filter", call("list_zip", names, cells(columns.sizes)), ordered).alias("sizes"),
        text(columns.total).alias("total"),
        text(columns.customer).alias("customer"),
        text(columns.po).alias("po"),
        duckdb.CoalesceOperator(*map(text, columns.seasons), nothing).alias("season"),
    )


def _renumber_taken(engine: duckdb.DuckDBPyConnection) -> None:
    """Give a new line the next ordinal where a re-keyed line still bears its record_uuid."""
    taken = engine.execute(
        "select v.row, l.line_key, v.ordinal from verdict v join line l using (row) "
        "where v.kind = 'new' and v.record_uuid in (select record_uuid from known) "
        "order by l.line_key, v.ordinal"
    ).fetchall()
    if not taken:
        return
    used = {uuid for (uuid,) in engine.execute("select record_uuid from known").fetchall()}
    used |= {u for (u,) in engine.execute("select record_uuid from verdict").fetchall() if u}
    for row, line_key, ordinal in taken:
        while (record_uuid := line_uuid(line_key, ordinal)) in used:
            ordinal += 1
        used.add(record_uuid)
        engine.execute(
            "update verdict set record_uuid = ?, ordinal = ? where row = ?",
            [record_uuid, ordinal, row],
        )


def _count(engine: duckdb.DuckDBPyConnection, query: str) -> int:
    row = engine.execute(query).fetchone()
    return int(row[0]) if row else 0


def _by_customer(engine: duckdb.DuckDBPyConnection) -> Counter[Cell]:
    found = engine.execute("select customer, count(*) from line group by 1")
    return Counter(dict(found.fetchall()))


def _tallies(engine: duckdb.DuckDBPyConnection) -> list[Unchanged]:
    found = engine.execute(
        "select l.customer, po, season, count(*), sum(subitems)::bigint from line l "
        "join verdict v using (row) join known k on k.record_uuid = v.record_uuid "
        "where kind = 'unchanged' group by all order by all"
    )
    return [
        Unchanged(customer=customer or "", po=po, season=season, lines=lines, subitems=subitems)
        for customer, po, season, lines, subitems in found.fetchall()
    ]


def _known(engine: duckdb.DuckDBPyConnection) -> list[str]:
    found = engine.execute(
        "select record_uuid from verdict where kind in ('changed', 'again') order by row"
    )
    return [record_uuid for (record_uuid,) in found.fetchall()]


def _missing(engine: duckdb.DuckDBPyConnection) -> list[str]:
    found = engine.execute(
        "select record_uuid from left_known where rows_left = 0 "
        "and record_uuid not in (select record_uuid from matched) order by all"
    )
    return [record_uuid for (record_uuid,) in found.fetchall()]


def _pair(size: Mapping[str, str]) -> tuple[str, str]:
    name, text = size.values()
    return name, text


REASONS = {
    "equal keys": "several rows have its key, and more than one of them changed at a time",
    "rekeyed": "its key changed, and more than one missing line could be the one it was",
    "unidentified": "its first key cell is blank",
}


def _held(row: Mapping[str, Any], columns: Columns) -> Held:
    kind = row["kind"]
    finding = Finding(
        rule=kind,
        message=f"the line cannot be told: {REASONS[kind]}; it is not sent",
        severity=Severity.ERROR,
        customer=row["customer"],
        row=row["row"],
        column=columns.key[0],
        value=shown(row["key_cells"][0]) or NO_NUMBER,
    )
    return Held(
        record_uuid=None,
        customer=row["customer"] or "",
        finding=finding,
        po=row["po"],
        season=row["season"],
    )
