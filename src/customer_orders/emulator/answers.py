"""The bytes that go back: JSON, monday's error bodies, and the HTML that a gateway sends."""

from __future__ import annotations

import json
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from customer_orders.emulator.errors import Refusal

if TYPE_CHECKING:
    from customer_orders.emulator.faults import Fault

JSON_TYPE = "application/json; charset=utf-8"
HTML_TYPE = "text/html; charset=utf-8"
#: Answers are trees; looking for circles would take a sixth of the time.
_encode = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), check_circular=False).encode


@dataclass(frozen=True)
class Answer:
    """An HTTP answer."""

    status: int
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""

    def cut(self) -> Answer:
        """The same with half its body."""
        return replace(self, body=self.body[: len(self.body) // 2])


def json_answer(status: int, content: dict[str, Any], request_id: str) -> Answer:
    """Every JSON body ends with the request id, which the header x-request-id repeats."""
    body = {**content, "extensions": {"request_id": request_id}}
    return Answer(status, {"Content-Type": JSON_TYPE}, _encode(body).encode())


def refused(refusal: Refusal, request_id: str) -> Answer:
    """The answer to a request that was refused as a whole."""
    answer = json_answer(refusal.status, {"errors": refusal.errors()}, request_id)
    if refusal.retry_after is not None:
        answer.headers["Retry-After"] = str(refusal.retry_after)
    return answer


def html_answer(status: int) -> Answer:
    """What a gateway says; [OBS] some 429s look like this too."""
    title = f"{status} {STATUS_TEXTS.get(status, 'Error')}"
    page = f"<html><head><title>{title}</title></head><body><h1>{title}</h1></body></html>"
    return Answer(status, {"Content-Type": HTML_TYPE}, page.encode())


#: Message and code of a status that a fault asks for (developer.monday.com, error handling).
STATUS_TEXTS = {
    401: "Not authenticated",
    403: "User unauthorized to perform action",
    422: "Record is invalid",
    423: "Resource is currently locked, please try again later",
    429: "Too Many Requests",
    500: "Internal server error",
    502: "Bad Gateway",
    503: "Request processing timeout exceeded",
    504: "Gateway Timeout",
}
STATUS_CODES = {
    401: "NOT_AUTHENTICATED",
    403: "UserUnauthorizedException",
    422: "RecordInvalidException",
    500: "INTERNAL_SERVER_ERROR",
    503: "TIMEOUT_EXCEEDED",
}


def status_refusal(status: int) -> Refusal:
    """The refusal that goes with a status."""
    message = STATUS_TEXTS.get(status, "Internal server error")
    return Refusal(status, message, STATUS_CODES.get(status))


def status_answer(fault: Fault, request_id: str) -> Answer:
    """The answer of a fault with a status of its own."""
    status = fault.status or 500
    if fault.body == "html":
        return html_answer(status)
    return refused(status_refusal(status), request_id)
