"""Questions that need no network: configuration, source and ledger."""

from __future__ import annotations

from customer_orders import mapping, source
from customer_orders.config import Settings
from customer_orders.errors import SourceEmpty, SourceError
from customer_orders.ledger import deployed
from customer_orders.report import Check

#: Columns that some installations add to the table.
IDENTITY_COLUMNS = ("record_uuid", "row_hash")
#: A key that no line has: the probe for a column reads no row.
NO_KEY = "\x1f"


def configuration(settings: Settings) -> Check:
    """It was read, or nothing could be asked."""
    customers, boards = len(settings.customers), len(settings.boards)
    found = f"{len(settings.columns)} columns mapped, {customers} customers, {boards} board"
    return Check.passed("configuration", found + ("s" if boards > 1 else ""))


def source_rows(settings: Settings) -> list[Check]:
    """The source, and its columns against the mapping."""
    identity = " and ".join(IDENTITY_COLUMNS)
    needed = mapping.needed_columns(settings)
    fits = Check.of("source", lambda: _read(settings, needed))
    if not fits.holds:
        return [fits, Check.unknown(identity, needs="the source")]
    there = [name for name in IDENTITY_COLUMNS if _has(settings, needed, name)]
    absent = [name for name in IDENTITY_COLUMNS if name not in there]
    found = f"there: {', '.join(there) or 'none'}; not there: {', '.join(absent) or 'none'}"
    return [fits, Check.passed(identity, f"{found}; lines are known by their key columns")]


def _read(settings: Settings, needed: list[str]) -> str:
    rows = source.read(settings, needed)
    if not rows.table.num_rows:
        raise SourceEmpty("the source holds no row", hint="look at the table and at scope")
    return (
        f"{rows.table.num_rows} rows with all {len(needed)} columns that the mapping needs, "
        f"and {len(rows.sizes)} size columns"
    )


def _has(settings: Settings, needed: list[str], column: str) -> bool:
    """Whether the source has a column; what else a run needs is known to be there."""
    asked = settings.source
    if asked.file is None:
        nothing = (*asked.scope, (asked.key[0], "=", NO_KEY))
        asked = asked.model_copy(update={"scope": nothing})
    try:
        source.read(settings.model_copy(update={"source": asked}), [*needed, column])
    except SourceError:
        return False
    return True


def ledger(settings: Settings) -> Check:
    """Our tables are there, in this version's schema."""

    def fits() -> str:
        with deployed(settings.ledger_url) as found:
            return f"{found}, schema {found.revision()}"

    return Check.of("ledger", fits)
