"""Every shape of answer that is known of monday, and what it means."""

from __future__ import annotations

import json
from typing import Any

import pytest
from answering import error, response

from customer_orders.config import secrets
from customer_orders.errors import Forbidden, NoAnswer, RequestRefused, Throttled, Unauthorized
from customer_orders.monday import Category, Response
from customer_orders.monday.outcomes import DEFAULT_WAIT, NO_ALIAS, read_answer

HTML = b"<html><head><title>nope</title></head><body><h1>nope</h1></body></html>"


def whole(*errors: Any, status: int = 200, **headers: str) -> Response:
    """A body with errors and no data."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return response({"errors": list(errors), "extensions": {"request_id": "1"}}, status, named)


OLD = {
    "error_code": "ComplexityException",
    "status_code": 429,
    "error_message": "Complexity budget exhausted, query cost 30001 budget remaining 19986",
    "error_data": {},
    "errors": ["Complexity budget exhausted"],
    "account_id": 1,
}

THROTTLED = [
    (whole(error("m", "MINUTE_RATE_LIMIT_EXCEEDED", retry_in_seconds=58), status=429), 58),
    (whole(error("m", "MAX_CONCURRENCY_EXCEEDED", retry_in_seconds=15), status=429), 15),
    (whole(error("m", "DAILY_LIMIT_EXCEEDED", retry_in_seconds=3599), status=429), 3599),
    (whole(error("m", "COMPLEXITY_BUDGET_EXHAUSTED", retry_in_seconds=22), status=429), 22),
    (whole(error("m", "IP_RATE_LIMIT_EXCEEDED"), status=429, retry_after="4"), 4),
    (whole(error("m", "RATE_LIMIT_EXCEEDED", retryAfterMs=2500), status=429), 2.5),
    (whole(error("m", "maxConcurrencyExceeded"), status=429), DEFAULT_WAIT),
    # The same codes in an HTTP 200, as older versions and some resources give them.
    (whole(error("m", "COMPLEXITY_BUDGET_EXHAUSTED", retry_in_seconds=3, status_code=429)), 3),
    (whole(error("m", "complexityBudgetExhausted")), DEFAULT_WAIT),
    (whole(error("m", "MutationCallsExceeded")), DEFAULT_WAIT),
    (whole(error("m", "API_TEMPORARILY_BLOCKED")), DEFAULT_WAIT),
    (whole(error("m", status_code=429, retry_in_seconds=7)), 7),
    (response(OLD, 429), DEFAULT_WAIT),
    (response(OLD, 200, {"retry-after": "3"}), 3),
    # No JSON at all.
    (response(HTML, 429, {"retry-after": "1.5"}), 1.5),
    (response(HTML, 429), DEFAULT_WAIT),
    (response(b"", 429, {"retry-after": "Mon, 23 Nov 2026 22:00:00 GMT"}), DEFAULT_WAIT),
    (response(HTML, 423), DEFAULT_WAIT),
    (whole(error("Resource is currently locked, please try again later"), status=423), 5),
    (whole(error("m", "MINUTE_RATE_LIMIT_EXCEEDED", retry_in_seconds="soon"), status=429), 5),
]


@pytest.mark.parametrize(("answer", "wait"), THROTTLED)
def test_a_limit_says_how_long(answer: Response, wait: float):
    """Nothing was done; the wait is the server's, wherever it stands."""
    with pytest.raises(Throttled) as caught:
        read_answer(answer)
    assert caught.value.retry_in == wait
    assert caught.value.code


@pytest.mark.parametrize(
    ("answer", "code"),
    [
        (whole(error("m", "UserUnauthorizedException"), status=403), "UserUnauthorizedException"),
        (whole(error("m", "USER_ACCESS_DENIED"), status=403), "USER_ACCESS_DENIED"),
        (whole(error("m", "missingRequiredPermissions")), "missingRequiredPermissions"),
        (response(HTML, 403), "UserUnauthorizedException"),
    ],
)
def test_a_user_who_may_not_do_this(answer: Response, code: str):
    """The token itself is good: the message says that its user lacks a right."""
    with pytest.raises(Forbidden, match="does not let the token's user do this") as caught:
        read_answer(answer)
    assert caught.value.code == code


@pytest.mark.parametrize(
    ("answer", "code"),
    [
        (whole(error("Not authenticated", "NOT_AUTHENTICATED"), status=401), "NOT_AUTHENTICATED"),
        (whole(error("m", "NOT_AUTHENTICATED")), "NOT_AUTHENTICATED"),
        (response(HTML, 401), "NOT_AUTHENTICATED"),
        (response({"errors": ["Not Authenticated"]}, 401), "NOT_AUTHENTICATED"),
        (response({"errors": "Not Authenticated"}, 401), "NOT_AUTHENTICATED"),
    ],
)
def test_a_token_that_is_not_accepted(answer: Response, code: str):
    """The run must stop; the code stays readable."""
    with pytest.raises(Unauthorized, match="does not accept the token") as caught:
        read_answer(answer)
    assert caught.value.code == code
    assert "[monday] token" in caught.value.hint


UNKNOWN = [
    (whole(error("Request processing timeout exceeded", "TIMEOUT_EXCEEDED"), status=503), 503),
    (whole(error("Internal Server Error", "INTERNAL_SERVER_ERROR"), status=500), 500),
    (response(HTML, 502), 502),
    (response(HTML, 504), 504),
    (response(b"", 500), 500),
    (whole(error("m", "ColumnValueException"), status=500), 500),
    (response({"data": {"op0": {"id": "1"}}}, 502), 502),
    (whole(error("m", "IDEMPOTENCY_CONFLICT"), status=409, retry_after="1"), 409),
    (whole(error("m", "DeleteLastGroupException"), status=409), 409),
    # A 200 that was cut, is foreign, or is empty: the mutation may have been carried out.
    (response(b'{"data":{"op0":{"id":"1"}},"err', 200), 200),
    (response(HTML, 200), 200),
    (response(b"", 200), 200),
    (response(b"\xff\xfe", 200), 200),
    (response([], 200), 200),
    (response({}, 200), 200),
    (response({"data": None}, 200), 200),
    (response(HTML, 302), 302),
    (response(HTML, 404), 404),
    (whole(error("Internal server error", "INTERNAL_SERVER_ERROR", status_code=500)), 200),
    (whole(error("m", status_code=503)), 200),
]


@pytest.mark.parametrize(("answer", "status"), UNKNOWN)
def test_an_answer_that_does_not_say(answer: Response, status: int):
    """Nobody knows whether it was carried out."""
    with pytest.raises(NoAnswer) as caught:
        read_answer(answer)
    assert caught.value.status == status


def test_the_server_s_words_are_kept():
    """What a 5xx says is for people."""
    with pytest.raises(NoAnswer, match="HTTP 503: Request processing timeout exceeded"):
        read_answer(UNKNOWN[0][0])


BAD_VARIABLE = error(
    "Variable $columnValues of type JSON! was provided invalid value",
    value="not-valid-json",
    problems=[{"path": [], "explanation": "Syntax error in JSON input"}],
    service="monolith",
)


@pytest.mark.parametrize(
    "answer",
    [
        whole(BAD_VARIABLE),
        whole(error("m", "REQUEST_MAX_COMPLEXITY_EXCEEDED", cost=5, status_code=200)),
        whole(error("m", "JsonParseException"), status=400),
        whole(error("Bad request"), status=400),
        whole(error("m", "RecordInvalidException"), status=422),
        whole({"message": "Cannot query field"}),
        response({"errors": ["Parse error on line 1"]}),
        response({"data": None, "errors": [error("m", "InvalidArgumentException")]}),
    ],
)
def test_a_request_refused_as_a_whole(answer: Response):
    """None of it was carried out: a document or a variable was wrong."""
    with pytest.raises(RequestRefused, match="refused the request"):
        read_answer(answer)


ALIASES = [
    (error("m", "ColumnValueException", error_data={"column_id": "c7"}), Category.DATA, "c7"),
    (error("m", "CorrectedValueException"), Category.DATA, None),
    (error("m", "InvalidArgumentException"), Category.DATA, None),
    (error("m", "InvalidBoardIdException"), Category.DATA, None),
    (error("m", "InvalidColumnIdException", error_data={"column_id": "c"}), Category.DATA, "c"),
    (error("m", "ItemNameTooLongException"), Category.DATA, None),
    (error("m", "ItemsLimitationException"), Category.DATA, None),
    (error("m", "NoSubitemsColumnInThisBoard"), Category.DATA, None),
    (error("m", "RecordInvalidException", status_code=422), Category.DATA, None),
    (
        error(
            "m",
            "DATA_VALIDATIONS_ERROR",
            status_code=422,
            error_data=[{"itemId": "5", "columnIds": ["c9"], "message": "too long"}],
        ),
        Category.DATA,
        "c9",
    ),
    (error("m", "something new", status_code=200), Category.DATA, None),
    (error("m"), Category.DATA, None),
    (error("m", error_data="odd"), Category.DATA, None),
    (error("m", "ResourceNotFoundException", status_code=404), Category.GONE, None),
    (
        error(
            "Cannot change column value for inactive items",
            "ColumnValueException",
            error_data={"column_validation_error_code": "inactiveItems"},
        ),
        Category.GONE,
        None,
    ),
    (error("m", "tooManyRequests", status_code=400), Category.THROTTLE, None),
    (error("m", "FIELD_LIMIT_EXCEEDED", status_code=429), Category.THROTTLE, None),
    (error("m", "FIELD_MINUTE_RATE_LIMIT_EXCEEDED", status_code=429), Category.THROTTLE, None),
    (error("m", status_code=429), Category.THROTTLE, None),
    (error("Resource is currently locked", status_code=423), Category.LOCK, None),
    (error("m", "missingRequiredPermissions"), Category.AUTH, None),
    (error("m", "UserUnauthorizedException", status_code=403), Category.AUTH, None),
    (error("m", "USER_ACCESS_DENIED"), Category.AUTH, None),
    (error("m", "INTERNAL_SERVER_ERROR", status_code=500), Category.UNKNOWN, None),
    (error("m", "TIMEOUT_EXCEEDED"), Category.UNKNOWN, None),
    (error("m", status_code=503), Category.UNKNOWN, None),
]


@pytest.mark.parametrize(("entry", "category", "column"), ALIASES)
@pytest.mark.parametrize("data", [{"op0": {"id": "1"}, "op1": None}, None])
def test_an_alias_that_failed(entry: Any, category: Category, column: str | None, data: Any):
    """Classified by its code, whether or not the others are shown; the others stand."""
    answer = read_answer(response({"data": data, "errors": [{**entry, "path": ["op1"]}]}))
    assert dict(answer.data) == (data or {})
    (failed,) = answer.errors.items()
    assert failed[0] == "op1"
    assert (failed[1].category, failed[1].column) == (category, column)
    assert failed[1].message == entry["message"]


def test_a_limit_by_alias_says_how_long():
    """As a field's own limit does."""
    entry = error("m", "FIELD_LIMIT_EXCEEDED", ["op0", "x"], status_code=429, retry_in_seconds=15)
    assert read_answer(response({"data": {}, "errors": [entry]})).errors["op0"].retry_in == 15


def test_an_error_that_names_no_alias_is_not_lost():
    """Data with such an error is not the whole data."""
    body = {"data": {"boards": []}, "errors": [error("part of it is missing", "tooManyRequests")]}
    answer = read_answer(response(body))
    assert answer.errors[NO_ALIAS].category is Category.THROTTLE


@pytest.mark.parametrize(("header", "replayed"), [("true", True), ("", False), ("false", False)])
def test_a_replay_is_marked(header: str, replayed: bool):
    """By the header of monday's cache."""
    headers = {"idempotency-replayed": header} if header else {}
    answer = read_answer(response({"data": {"op0": {"id": "1"}}}, headers=headers))
    assert answer.replayed is replayed
    assert json.dumps(dict(answer.data)) == '{"op0": {"id": "1"}}'


def test_a_server_that_repeats_the_token(monkeypatch: pytest.MonkeyPatch):
    """Its words are cleared of it before anybody stores or prints them."""
    monkeypatch.setattr(secrets, "REVEALED", {"eyJ.secret"})
    entry = error("the header said eyJ.secret", "ColumnValueException")
    failed = read_answer(response({"data": {}, "errors": [{**entry, "path": ["op0"]}]}))
    assert failed.errors["op0"].message == "the header said ***"
    with pytest.raises(Throttled, match=r"said \*\*\*$"):
        read_answer(whole(entry, status=429))
