"""A plan as a document: printed as JSON, kept in a file, and read again for `apply FILE`."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from customer_orders.errors import ConfigError
from customer_orders.plan import Difference, Filters, Operation, Planned


def plan_document(planned: Planned, filters: Filters) -> dict[str, Any]:
    """Everything that a reviewer needs to see."""
    plan, estimate = planned.plan, planned.estimate
    outcomes = {outcome.value: number for outcome, number in sorted(plan.outcomes().items())}
    return {
        "checksum": plan.checksum,
        "filters": filters.as_dict(),
        "items": outcomes,
        "operations": [_operation(operation) for operation in plan.operations],
        "counts": {f"{action} {kind}": n for (kind, action), n in sorted(plan.counts().items())},
        "findings": [
            {
                "id": f.id,
                "rule": f.rule,
                "severity": f.severity,
                "message": f.message,
                "customer": f.customer,
                "record_uuid": f.record_uuid,
                "row": f.row,
                "column": f.column,
                "value": f.value,
            }
            for f in plan.findings
        ],
        "missing": list(plan.missing),
        "to_settle": list(plan.to_settle),
        "dropped": plan.dropped,
        "estimate": {
            "calls": estimate.calls,
            "complexity": estimate.complexity,
            "minutes": round(estimate.minutes, 2),
            "binds": estimate.binds,
            "calls_left": estimate.calls_left,
            "calls_a_day": estimate.calls_a_day,
            "fits_today": estimate.fits_today,
            "days": estimate.days,
        },
    }


def _operation(operation: Operation) -> dict[str, Any]:
    return {
        "target": operation.target,
        "action": operation.action,
        "kind": operation.kind,
        "customer": operation.customer,
        "group": operation.group,
        "before": dict(operation.before),
        "payload": dict(operation.payload),
    }


def write_plan(planned: Planned, filters: Filters, file: Path) -> None:
    """Keep a plan for another person, and for `apply FILE`. Raises ConfigError."""
    text = json.dumps(plan_document(planned, filters), indent=2, ensure_ascii=False)
    try:
        file.write_text(text + "\n", encoding="utf-8")
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
        raise ConfigError(
            f"{file}: not a plan: {exc}", hint="make one with `customer-orders plan --out FILE`"
        ) from exc


def differences_document(found: Sequence[Difference], compared: int) -> dict[str, Any]:
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
