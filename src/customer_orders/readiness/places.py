"""Questions that need no network: configuration, source and ledger."""

from __future__ import annotations

from customer_orders import mapping, source
from customer_orders.config import Settings
from customer_orders.errors import CustomerOrdersError, LedgerError, SourceEmpty
from customer_orders.ledger import deployed, shape
from customer_orders.readiness.columns import column_rows, unknown_rows
from customer_orders.report import Check


def configuration(settings: Settings) -> Check:
    """It was read, or nothing could be asked."""
    customers, boards = len(settings.customers), len(settings.boards)
    found = f"{len(settings.columns)} columns mapped, {customers} customers, {boards} board"
    return Check.passed("configuration", found + ("s" if boards > 1 else ""))


def source_rows(settings: Settings) -> list[Check]:
    """The source, and its columns against what the mapping expects of them."""
    needed = mapping.needed_columns(settings)
    fits = Check.of("source", lambda: _read(settings, needed))
    try:
        kinds = source.column_kinds(settings, needed)
    except CustomerOrdersError:
        return [fits, *unknown_rows()]
    return [fits, *column_rows(settings, kinds)]


def _read(settings: Settings, needed: list[str]) -> str:
    rows = source.read(settings, needed)
    if not rows.table.num_rows:
        raise SourceEmpty("the source holds no row", hint="look at the table and at scope")
    return (
        f"{rows.table.num_rows} rows with all {len(needed)} columns that the mapping needs, "
        f"and {len(rows.sizes)} size columns"
    )


def ledger(settings: Settings) -> Check:
    """Our tables are there, in this version's schema, with every column that it names."""

    def fits() -> str:
        with deployed(settings.ledger_url) as found:
            if missing := shape.differences(found):
                raise LedgerError(
                    f"the ledger {found} lacks {', '.join(each.what for each in missing)}",
                    hint="; ".join(each.statement for each in missing),
                )
            return f"{found}, schema {found.revision()}"

    return Check.of("ledger", fits)
