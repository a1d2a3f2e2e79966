"""Adds the two columns where they are missing, and fills them from change detection."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import pyarrow as pa
from sqlalchemy import Connection

from customer_orders import mapping, source
from customer_orders.changes import Changes, Columns, detect
from customer_orders.config import Settings
from customer_orders.errors import ConfigError, SourceError
from customer_orders.ledger import Ledger, knowledge
from customer_orders.model import Held
from customer_orders.source import NumberedRows
from customer_orders.stamp import engines
from customer_orders.stamp.engines import NUMBER, Written
from customer_orders.stamp.marks import HASH, Marks, additions, index_statement, named, table_of

#: Where a UUID says its version. Ours are made from keys, which is version 5; a generated one is 4.
VERSION_PLACE, VERSION = 14, "5"
#: Findings that are printed; `findings` lists them all after a run.
SHOWN = 20


@dataclass(frozen=True, kw_only=True, slots=True)
class Stamped:
    """What was done to the table, or would be."""

    #: The two columns, and which of them were missing.
    marks: Marks
    #: In order; none when the table is as it should be.
    statements: Sequence[str]
    #: Rows of the scope, those whose two cells differed, and blank ones, which stay without.
    rows: int
    differing: int
    dropped: int
    #: Rows whose line cannot be told; they stay without as well.
    held: Sequence[Held]

    def told(self, *, done: bool) -> list[str]:
        """What there is to say, a line each."""
        named = f"{self.marks.uuid} and {HASH}"
        if not self.statements:
            lines = [f"the source has {named} in every row that needs them ({self.rows} rows)"]
        else:
            has = "has" if done else "would get"
            added = ", ".join(self.marks.missing) or "no new column"
            lines = [
                f"the source {has} {added}; {named} of {self.differing} of {self.rows} rows "
                + ("were written" if done else "would be written")
            ]
        if self.dropped:
            lines.append(f"{self.dropped} blank rows stay without")
        if self.held:
            lines.append(f"{len(self.held)} rows stay without, as their line cannot be told")
        findings = [held.finding for held in self.held[:SHOWN]]
        lines += [f"  row {f.row}, {f.value}: {f.message}" for f in findings]
        return lines + (["  ..."] if len(self.held) > SHOWN else [])


@dataclass(frozen=True, kw_only=True, slots=True)
class _Found:
    """The table as it was read."""

    changes: Changes
    #: Without a place on SQL Server, while its rows are not numbered.
    differing: Sequence[Written]


@dataclass(frozen=True, kw_only=True, slots=True)
class _Ledger:
    """What the ledger knows, asked first: it may stand in the file that is locked afterwards."""

    known: pa.Table
    last_scope: str | None


def stamp(settings: Settings, ledger: Ledger | None, *, dry_run: bool = False) -> Stamped:
    """Add what is missing and fill it, in one transaction; with `dry_run` nothing is written.

    Without a ledger no line is known yet. Raises ConfigError where the source is no table,
    SourceError where it cannot be changed.
    """
    asked = settings.source
    if asked.table is None:
        raise ConfigError(
            "[source] columns are added to a table, not to a file or a query",
            hint="nothing needs them: lines are known by their key columns",
        )
    told = _Ledger(known=knowledge.KNOWN.empty_table(), last_scope=None)
    if ledger:
        scope = knowledge.last_scope(ledger)
        told = _Ledger(known=knowledge.known_lines(ledger), last_scope=scope)
    url = settings.database(asked.deploy_url or asked.url or "")
    with engines.transaction(url, f"the table {asked.table}") as connection:
        return _Stamping(connection, settings, told).done(dry_run=dry_run)


class _Stamping:
    """One table, inside its transaction."""

    def __init__(self, connection: Connection, settings: Settings, ledger: _Ledger) -> None:
        self._connection, self._dialect = connection, connection.dialect
        self._settings, self._ledger = settings, ledger
        name, columns = settings.source.table or "", source.table_kinds(connection, settings)
        self._marks = Marks.of(columns)
        self._named = named(self._dialect, name)
        self._place = engines.place_of(connection, self._named, columns)
        self._orders = table_of(name, self._marks, self._place or NUMBER)
        self._locked_by_change = self._dialect.name in engines.LOCKED_BY_CHANGE

    def done(self, *, dry_run: bool) -> Stamped:
        """Look, and write what differs."""
        locking = engines.locking(self._dialect.name, self._named)
        if not dry_run:
            self._run(locking)
        name = self._settings.source.table or ""
        engines.refuse_parts(self._connection, self._named, name)  # nobody adds one under the lock
        found = self._found()
        needed = bool(found.differing or self._marks.missing)
        before, after = self._frame(found) if needed else ([], [])
        writing = self._writing() if found.differing else []
        if needed and not dry_run:
            self._run(before)
            found = self._written(found)
            self._run(after)
        return Stamped(
            marks=self._marks,
            statements=_shown([*locking, *before, *writing, *after]) if needed else [],
            rows=found.changes.rows,
            differing=len(found.differing),
            dropped=found.changes.dropped,
            held=tuple(found.changes.held()),
        )

    def _run(self, statements: Sequence[str]) -> None:
        for statement in statements:
            self._connection.exec_driver_sql(statement)

    def _found(self) -> _Found:
        """Read the table as a run does, and tell which rows have not the two cells they should."""
        needed, marks = mapping.needed_columns(self._settings), self._marks
        read = source.numbered(
            self._connection, self._settings, needed, marks.present, self._place or None
        )
        changes = self._detected(read)
        right = {row: (uuid, hashed) for row, uuid, hashed in _rows(changes)}
        blank = [""] * read.rows.table.num_rows
        uuids, hashes = (read.others.get(name, blank) for name in (marks.uuid, HASH))
        self._refuse_foreign(uuids, hashes)
        there = zip(read.places or blank, uuids, hashes, strict=True)
        differing = [
            (place, *right.get(row, (None, None)))
            for row, (place, *cells) in enumerate(there, start=1)
            if tuple(cells) != right.get(row, ("", ""))
        ]
        return _Found(changes=changes, differing=differing)

    def _detected(self, read: NumberedRows) -> Changes:
        """Every line by the rules of a run; nothing depends on what stands in the two columns."""
        rekey = self._ledger.last_scope == read.rows.scope
        hashed = mapping.hashed_columns(self._settings)
        columns = Columns.of(self._settings.source, hashed, read.rows.sizes, rekey=rekey)
        return detect(read.rows.table, self._ledger.known, columns, "", every_line=True)

    def _refuse_foreign(self, uuids: Sequence[str], hashes: Sequence[str]) -> None:
        """Raise SourceError for columns that somebody else fills; ours are filled together."""
        cells = zip(uuids, hashes, strict=True)
        if all(bool(uuid) == bool(hashed) and _is_ours(uuid) for uuid, hashed in cells):
            return
        raise SourceError(
            f"the columns {self._marks.uuid} and {HASH} of {self._named} are somebody else's",
            hint=f"rename {HASH} and run again: ours are added beside; nothing was changed",
        )

    def _frame(self, found: _Found) -> tuple[list[str], list[str]]:
        """The statements before and after the rows are written."""
        begin, end = engines.numbering(self._named, self._place)
        numbered = found.differing and self._locked_by_change
        before = additions(self._dialect, self._named, self._marks)
        after = []
        if self._marks.uuid in self._marks.missing:  # the index comes with its column
            taken = engines.index_names(self._connection, self._orders.schema)
            after = [index_statement(self._dialect, self._orders, self._marks, taken)]
        return (
            [*before, *([begin] if numbered else [])],
            [*([end] if numbered else []), *after],
        )

    def _writing(self) -> list[str]:
        return engines.writing(self._dialect, self._orders, self._marks, self._place or NUMBER)

    def _written(self, found: _Found) -> _Found:
        """Write, and give what was written: the rows as they are once the table is locked."""
        if found.differing and self._locked_by_change:
            self._place = self._place or NUMBER
            engines.refuse_twins(self._connection, self._orders, self._place)
            found = self._found()
        if found.differing:
            engines.write(self._connection, self._orders, self._marks, self._place, found.differing)
        return found


def _is_ours(uuid: str) -> bool:
    return not uuid or uuid[VERSION_PLACE : VERSION_PLACE + 1] == VERSION


def _shown(statements: Sequence[str]) -> list[str]:
    """One a line. A per cent is written twice where the driver takes it for a parameter's mark."""
    return [" ".join(statement.split()).replace("%%", "%") for statement in statements]


def _rows(changes: Changes) -> list[tuple[int, str, str]]:
    columns = changes.identities().columns
    return list(zip(*(column.to_pylist() for column in columns), strict=True))
