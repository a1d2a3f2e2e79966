"""The forms in which monday says "too much", for the fault `rate_limit`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from customer_orders.emulator.answers import Answer, html_answer, json_answer, refused
from customer_orders.emulator.limits import SHAPES, too_many

if TYPE_CHECKING:
    from collections.abc import Sequence

    from customer_orders.emulator.faults import Fault

#: Older versions of the API said it otherwise, with the figures; these are of monday's own sample.
COST, LEFT, LIMIT = 30_001, 19_986, 1_000_000
#: HTTP 200, data of null and an entry in errors[] for each field: message and extensions.
IN_ERRORS: dict[str, tuple[str, dict[str, Any]]] = {
    "field": (
        "Rate limit exceeded for the field",
        {"code": "FIELD_MINUTE_RATE_LIMIT_EXCEEDED", "status_code": 429},
    ),
    "field_concurrency": (
        "Concurrency limit exceeded for the field",
        {"code": "FIELD_LIMIT_EXCEEDED", "status_code": 429},
    ),
    "resource": (
        "Rate limit already blocked for this resource",
        {"code": "tooManyRequests", "status_code": 400, "service": "data-structure"},
    ),
}
RATE_LIMITS = (*SHAPES, *IN_ERRORS, "html", "complexity_2025_01", "complexity_2024_10")


def rate_limit_answer(fault: Fault, aliases: Sequence[str], request_id: str) -> Answer:
    """A 429 in the shape asked for, whatever the real limits say."""
    wait = fault.retry_after
    if fault.shape in SHAPES:
        return refused(too_many(fault.shape, wait), request_id)
    if fault.shape in IN_ERRORS:
        errors = [_field_error(fault.shape, alias, wait) for alias in aliases]
        content = {"data": dict.fromkeys(aliases), "errors": errors}
        return json_answer(200, content, request_id)
    answer = html_answer(429)
    if fault.shape == "complexity_2025_01":
        answer = json_answer(429, _complexity_2025_01(wait), request_id)
    elif fault.shape == "complexity_2024_10":
        answer = json_answer(429, _complexity_2024_10(wait), request_id)
    answer.headers["Retry-After"] = str(wait)
    return answer


def _field_error(shape: str, alias: str, wait: int) -> dict[str, Any]:
    message, known = IN_ERRORS[shape]
    extensions = dict(known)
    if shape != "resource":
        extensions["retry_in_seconds"] = wait
    if shape == "field_concurrency":
        extensions["error_data"] = {"entity": alias}
    return {"message": message, "path": [alias], "extensions": extensions}


def _complexity_2025_01(wait: int) -> dict[str, Any]:
    extensions = {
        "code": "COMPLEXITY_BUDGET_EXHAUSTED",
        "complexity": COST,
        "complexity_budget_left": LEFT,
        "complexity_budget_limit": LIMIT,
        "retry_in_seconds": wait,
        "status_code": 429,
    }
    return {"errors": [{"message": "Complexity budget exhausted", "extensions": extensions}]}


def _complexity_2024_10(wait: int) -> dict[str, Any]:
    message = (
        f"Complexity budget exhausted, query cost {COST} budget remaining {LEFT} "
        f"out of {LIMIT} reset in {wait} seconds"
    )
    return {
        "error_code": "ComplexityException",
        "status_code": 429,
        "error_message": message,
        "error_data": {},
        "errors": [message],
    }
