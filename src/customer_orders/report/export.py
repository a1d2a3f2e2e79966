"""Findings as a CSV file that a spreadsheet opens as data, never as formulas."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from customer_orders.config import redacted
from customer_orders.errors import CustomerOrdersError
from customer_orders.report.shown import spreadsheet

#: Column of the file -> field of a finding.
COLUMNS = {
    "id": "id",
    "state": "state",
    "severity": "severity",
    "rule": "rule",
    "customer": "customer",
    "line": "record_uuid",
    "row": "source_row",
    "column": "source_column",
    "value": "value",
    "message": "message",
    "first seen": "first_seen",
    "last seen": "last_seen",
    "first run": "first_run",
    "last run": "last_run",
    "resolved by": "resolved_run",
}


def write_findings(found: Sequence[Mapping[str, Any]], file: Path) -> None:
    """Write them as UTF-8 with a mark, which spreadsheets need. Raises CustomerOrdersError."""
    text = io.StringIO()
    rows = csv.writer(text)
    rows.writerow(COLUMNS)
    rows.writerows([spreadsheet(each[name]) for name in COLUMNS.values()] for each in found)
    try:
        file.write_text(redacted(text.getvalue()), encoding="utf-8-sig", newline="")
    except OSError as exc:
        raise CustomerOrdersError(
            f"{file}: cannot be written: {exc.strerror}", hint="give another one with --csv"
        ) from exc
