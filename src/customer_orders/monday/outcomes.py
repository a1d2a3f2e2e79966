"""An answer of monday, read: data and errors by alias, each error classified by its code.

Codes and shapes: developer.monday.com, error handling and rate limits.
Words of a message are for people; they decide nothing.
"""

from __future__ import annotations

import enum
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from customer_orders.config import redacted
from customer_orders.errors import Forbidden, NoAnswer, RequestRefused, Throttled, Unauthorized
from customer_orders.monday.transport import Response


class Category(enum.StrEnum):
    """What an error asks for."""

    #: The value or the target is not accepted: held until it changes.
    DATA = "data"
    #: The item is archived, deleted or unknown.
    GONE = "gone"
    #: The group is archived or deleted: the next run makes it again.
    GROUP = "group"
    #: A limit: wait what the server says.
    THROTTLE = "throttle"
    #: Another process writes to the board (423).
    LOCK = "lock"
    #: The token may not do this: the run stops.
    AUTH = "auth"
    #: It may have been done.
    UNKNOWN = "unknown"


THROTTLE_CODES = {
    "COMPLEXITY_BUDGET_EXHAUSTED",
    "ComplexityException",
    "complexityBudgetExhausted",
    "DAILY_LIMIT_EXCEEDED",
    "MINUTE_RATE_LIMIT_EXCEEDED",
    "MAX_CONCURRENCY_EXCEEDED",
    "maxConcurrencyExceeded",
    "IP_RATE_LIMIT_EXCEEDED",
    "FIELD_MINUTE_RATE_LIMIT_EXCEEDED",
    "FIELD_LIMIT_EXCEEDED",
    "MutationCallsExceeded",
    "RATE_LIMIT_EXCEEDED",
    "API_TEMPORARILY_BLOCKED",
    "tooManyRequests",
}
NOT_AUTHENTICATED = "NOT_AUTHENTICATED"
AUTH_CODES = {
    NOT_AUTHENTICATED,
    "missingRequiredPermissions",
    "UserUnauthorizedException",
    "USER_ACCESS_DENIED",
}
GONE_CODES = {"ResourceNotFoundException"}
#: `error_data.column_validation_error_code` of a write to an archived or deleted item.
INACTIVE = "inactiveItems"
UNKNOWN_CODES = {"INTERNAL_SERVER_ERROR", "TIMEOUT_EXCEEDED", "IDEMPOTENCY_CONFLICT"}
#: Seconds to wait where a limit is named without a time.
DEFAULT_WAIT = 5.0
#: Stands for the alias of an error that names none.
NO_ALIAS = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class AliasError:
    """Why one alias of a request was not carried out."""

    category: Category
    code: str
    message: str
    #: Id of the column that the error names.
    column: str | None
    retry_in: float


@dataclass(frozen=True, kw_only=True, slots=True)
class Answer:
    """A GraphQL body: some of what was asked was carried out, or tried."""

    #: Field or alias -> value; None where the alias failed.
    data: Mapping[str, Any]
    #: Alias -> error; NO_ALIAS for one that names none.
    errors: Mapping[str, AliasError]
    #: The answer was cached from an earlier send of the same request.
    replayed: bool
    #: The HTTP status it came with.
    status: int = 200
    #: Complexity that was charged, where the answer says so.
    cost: int | None = None


def read_answer(response: Response) -> Answer:
    """The answer as data and errors by alias.

    Raises Throttled, Unauthorized or RequestRefused when the request as a whole was not carried
    out, NoAnswer when nobody knows (5xx, 409, a body that cannot be read).
    """
    body = _json(response)
    errors = [_error(e, response) for e in _errors(body)]
    first = errors[0][1] if errors else None
    said = f"HTTP {response.status}" + (f": {first.message}" if first else "")
    if response.status >= 500 or response.status == 409:
        raise NoAnswer(said, status=response.status)
    if response.status in (429, 423):
        raise Throttled(
            said,
            code=(first.code if first else "") or str(response.status),
            retry_in=first.retry_in if first else _wait(response, {}),
        )
    if response.status in (401, 403):
        raise _unauthorized(said, first.code if first else "", response.status)
    if body is None:
        # A cut or foreign body under 200: the mutation may well have been carried out.
        raise NoAnswer(f"{said} with a body that is not JSON", status=response.status)
    data = body.get("data")
    if not isinstance(data, dict):
        # Errors that name an alias come from execution: the other aliases may have been done.
        if all(alias == NO_ALIAS for alias, _ in errors):
            raise _refused(first, response)
        data = {}
    cost = _object(data.pop("complexity", None)).get("query")
    replayed = response.headers.get("idempotency-replayed") == "true"
    return Answer(
        data=data, errors=dict(errors), replayed=replayed, status=response.status, cost=cost
    )


def _json(response: Response) -> dict[str, Any] | None:
    """The body as an object; some answers carry HTML."""
    try:
        body = json.loads(response.body)
    except ValueError:
        return None
    return body if isinstance(body, dict) else None


def _errors(body: dict[str, Any] | None) -> list[dict[str, Any]]:
    if not body:
        return []
    if body.get("error_code"):
        # The shape before 2025-01: one error in the body itself.
        return [{"message": body.get("error_message", ""), "extensions": body}]
    found = body.get("errors") or []
    listed = found if isinstance(found, list) else [found]
    return [e if isinstance(e, dict) else {"message": str(e)} for e in listed]


def _error(error: dict[str, Any], response: Response) -> tuple[str, AliasError]:
    extensions = _object(error.get("extensions"))
    details = _object(extensions.get("error_data"))
    code = str(extensions.get("code") or extensions.get("error_code") or "")
    path = error.get("path") or [NO_ALIAS]
    columns = details.get("columnIds") or [None]
    return str(path[0]), AliasError(
        category=_category(code, extensions.get("status_code"), details),
        code=code,
        # A server may repeat what it was sent.
        message=redacted(str(error.get("message", ""))),
        column=details.get("column_id") or columns[0],
        retry_in=_wait(response, extensions),
    )


def _object(value: Any) -> dict[str, Any]:
    """The value as an object; of a list its first one, as DATA_VALIDATIONS_ERROR gives it."""
    first = value[0] if isinstance(value, list) and value else value
    return first if isinstance(first, dict) else {}


def _category(code: str, status: Any, details: Mapping[str, Any]) -> Category:
    if code in THROTTLE_CODES or status == 429:
        return Category.THROTTLE
    if status == 423:
        return Category.LOCK
    if code in AUTH_CODES:
        return Category.AUTH
    if code in GONE_CODES and details.get("resource_type") == "group":
        return Category.GROUP
    if code in GONE_CODES or details.get("column_validation_error_code") == INACTIVE:
        return Category.GONE
    if code in UNKNOWN_CODES or (isinstance(status, int) and status >= 500):
        return Category.UNKNOWN
    return Category.DATA


def _wait(response: Response, extensions: Mapping[str, Any]) -> float:
    """Seconds that the server asks for, wherever it says so."""
    milliseconds = _seconds(extensions.get("retryAfterMs")) / 1000
    said = _seconds(extensions.get("retry_in_seconds")) or milliseconds
    return said or _seconds(response.headers.get("retry-after")) or DEFAULT_WAIT


def _seconds(value: Any) -> float:
    try:
        seconds = float(value or 0)
    except (TypeError, ValueError):
        return 0.0
    return seconds if 0 < seconds < float("inf") else 0.0


def _unauthorized(message: str, code: str, status: int) -> Unauthorized:
    if status == 403 or code not in ("", NOT_AUTHENTICATED):
        return Forbidden(
            f"monday does not let the token's user do this: {message}",
            code=code or "UserUnauthorizedException",
            hint="give the user of [monday] token the right to write to the board",
        )
    return Unauthorized(
        f"monday does not accept the token: {message}",
        code=NOT_AUTHENTICATED,
        hint="check the environment variable that [monday] token names",
    )


def _refused(first: AliasError | None, response: Response) -> Exception:
    """The exception for a request that was not carried out at all."""
    if first is None:
        return NoAnswer(f"HTTP {response.status} without data", status=response.status)
    match first.category:
        case Category.THROTTLE | Category.LOCK:
            return Throttled(
                first.message, code=first.code or first.category, retry_in=first.retry_in
            )
        case Category.AUTH:
            return _unauthorized(first.message, first.code, response.status)
        case Category.UNKNOWN:
            return NoAnswer(f"{first.code}: {first.message}", status=response.status)
        case _:
            return RequestRefused(
                f"monday refused the request: {first.message}",
                code=first.code,
                hint="the whole request was refused; none of it was carried out",
            )
