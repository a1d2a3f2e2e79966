"""A plan as a document: printed as JSON, kept in a file, and read again for `apply FILE`."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from customer_orders.config import redacted
from customer_orders.errors import ChecksumDiffers, ConfigError
from customer_orders.model import Finding
from customer_orders.plan import (
    Difference,
    Filters,
    Operation,
    Outcome,
    Plan,
    Planned,
    checksum_of,
)
from customer_orders.report.changed import order_of

Document = dict[str, Any]
#: What a review prints of a kept plan.
REVIEWED = {
    *("checksum", "filters", "customers", "orders", "operations", "findings"),
    *("missing", "to_settle", "dropped", "estimate"),
}


def plan_document(planned: Planned, filters: Filters) -> Document:
    """Everything that a reviewer needs to see."""
    plan = planned.plan
    outcomes = {outcome.value: number for outcome, number in sorted(plan.outcomes().items())}
    return {
        "checksum": plan.checksum,
        "filters": filters.as_dict(),
        "items": outcomes,
        "customers": _customers(plan),
        "orders": _orders(plan),
        "operations": [_operation(operation) for operation in plan.operations],
        "counts": {f"{action} {kind}": n for (kind, action), n in sorted(plan.counts().items())},
        "findings": [_finding(found) for found in plan.findings],
        "labels": [asdict(use) for use in plan.labels],
        "missing": list(plan.missing),
        "to_settle": list(plan.to_settle),
        "dropped": plan.dropped,
        "estimate": planned.estimate.as_json(),
    }


def _customers(plan: Plan) -> dict[str, dict[str, int]]:
    """Customer -> outcome -> lines."""
    counted: dict[str, Counter[str]] = {}
    for line in plan.lines:
        counted.setdefault(line.customer, Counter())[line.outcome.value] += 1
    for tally in plan.unchanged:
        counted.setdefault(tally.customer, Counter())[Outcome.UNCHANGED.value] += tally.lines
    return {customer: dict(sorted(counts.items())) for customer, counts in sorted(counted.items())}


def _orders(plan: Plan) -> dict[str, str]:
    """Line -> order number, of the lines that something is done for."""
    busy = {operation.record_uuid for operation in plan.operations}
    return {x.line: order_of(x.line_key) or "" for x in plan.lines if x.line in busy}


def _finding(found: Finding) -> Document:
    names = ["id", "rule", "severity", "message", "customer", "record_uuid"]
    return {name: getattr(found, name) for name in [*names, "row", "column", "value"]}


def _operation(operation: Operation) -> Document:
    return {
        "target": operation.target,
        "action": operation.action,
        "kind": operation.kind,
        "customer": operation.customer,
        "group": operation.group,
        "line": operation.record_uuid,
        "size": operation.size,
        "before": dict(operation.before),
        "payload": dict(operation.payload),
    }


def write_plan(planned: Planned, filters: Filters, file: Path) -> None:
    """Keep a plan for another person, and for `apply FILE`. Raises ConfigError."""
    text = json.dumps(plan_document(planned, filters), indent=2, ensure_ascii=False)
    try:
        file.write_text(redacted(text) + "\n", encoding="utf-8")
    except OSError as exc:
        raise ConfigError(
            f"{file}: cannot be written: {exc.strerror}", hint="give another one with --out"
        ) from exc


def read_plan(file: Path) -> tuple[str, Filters]:
    """Checksum and filters of a kept plan. Raises ConfigError when the file is none."""
    try:
        document = json.loads(file.read_text(encoding="utf-8"))
        return str(document["checksum"]), Filters(**document["filters"])
    except (OSError, ValueError, KeyError, TypeError) as exc:
        raise _no_plan(file, exc) from exc


def kept_plan(file: Path) -> Document:
    """A kept plan, for review. Raises ConfigError when the file is none.

    Raises ChecksumDiffers when its operations are not those that its checksum was made of: what
    is reviewed must be what `apply FILE` would do.
    """
    try:
        document: Document = json.loads(file.read_text(encoding="utf-8"))
        found = checksum_of(
            (o["target"], o["action"], json.dumps(o["payload"], sort_keys=True, ensure_ascii=False))
            for o in document["operations"]
        )
        missing = REVIEWED - document.keys()
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as exc:
        raise _no_plan(file, exc) from exc
    if missing:
        raise _no_plan(file, f"it lacks {', '.join(sorted(missing))}")
    if found != document["checksum"]:
        raise ChecksumDiffers(
            f"{file}: its operations give {found}, its checksum says {document['checksum']}",
            hint="the file was changed after it was made; make a new plan and review that",
        )
    return document


def _no_plan(file: Path, reason: object) -> ConfigError:
    return ConfigError(
        f"{file}: not a plan: {reason}", hint="make one with `customer-orders plan --out FILE`"
    )


def differences_document(found: Sequence[Difference], compared: int) -> Document:
    """What `verify` found."""
    return {
        "compared": compared,
        "verified": not found,
        "differences": [
            {
                "kind": d.kind,
                "record_uuid": d.record_uuid,
                "what": d.what,
                "expected": d.expected,
                "shown": d.shown,
                "item": d.monday_id,
            }
            for d in found
        ],
    }
