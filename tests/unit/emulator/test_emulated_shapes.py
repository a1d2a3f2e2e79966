"""Error shapes that only a fault, or a limit of one field, brings about."""

from __future__ import annotations

import json

import pytest

from customer_orders.emulator import Monday

CREATE = 'mutation { create_item(board_id: 10, item_name: "A") { id } }'


async def test_resource_protection(post, monday):
    """tooManyRequests comes as HTTP 200 with status_code 400 and no seconds to wait."""
    monday.faults.add({"kind": "rate_limit", "shape": "resource"})
    content = await post("{ boards { id } }")
    assert post.status == 200
    assert content["data"] == {"boards": None}
    assert content["errors"][0]["extensions"] == {
        "code": "tooManyRequests",
        "status_code": 400,
        "service": "data-structure",
    }


async def test_field_concurrency(post, monday):
    """FIELD_LIMIT_EXCEEDED names the field and the seconds."""
    monday.faults.add({"kind": "rate_limit", "shape": "field_concurrency", "retry_after": 15})
    content = await post("{ boards { id } }")
    assert content["errors"][0]["extensions"] == {
        "code": "FIELD_LIMIT_EXCEEDED",
        "status_code": 429,
        "retry_in_seconds": 15,
        "error_data": {"entity": "boards"},
    }


async def test_complexity_as_older_versions_said_it(post, monday):
    """2025-01 gave the figures in extensions; 2024-10 had keys of its own at the top."""
    for shape in ("complexity_2025_01", "complexity_2024_10"):
        monday.faults.add({"kind": "rate_limit", "shape": shape, "retry_after": 3})
    content = await post(CREATE)
    assert content["errors"][0]["extensions"]["complexity_budget_left"] == 19_986
    assert post.headers["Retry-After"] == "3"
    content = await post(CREATE)
    assert post.status == content["status_code"] == 429
    assert content["error_code"] == "ComplexityException"
    assert content["errors"] == [content["error_message"]]


async def test_an_alias_fails_with_any_code_and_data(post, monday):
    """DATA_VALIDATIONS_ERROR has status_code 422 and a list as its error_data (n8n, live)."""
    wrong = [{"itemId": "1", "columnIds": ["note"], "message": "too short"}]
    code = {"code": "DATA_VALIDATIONS_ERROR", "status": 422, "error_data": wrong}
    monday.faults.add({"kind": "alias_error", **code})
    content = await post(CREATE)
    assert post.status == 200
    assert content["errors"][0]["extensions"] == {
        "code": "DATA_VALIDATIONS_ERROR",
        "status_code": 422,
        "error_data": wrong,
    }


@pytest.mark.parametrize(
    ("status", "code"),
    [(403, "UserUnauthorizedException"), (422, "RecordInvalidException")],
)
async def test_refused_with_a_status(post, monday, status, code):
    """A status that concerns the whole request carries the documented code."""
    monday.faults.add({"kind": "status", "status": status})
    content = await post(CREATE)
    assert post.status == status
    assert content["errors"][0]["extensions"] == {"code": code}


def test_shapes_are_checked(monday):
    """An unknown shape is an error when the rule is added."""
    with pytest.raises(ValueError, match="shape"):
        monday.faults.add({"kind": "rate_limit", "shape": "round"})


async def test_operations_with_a_limit_of_their_own(post, monday, clock):
    """duplicate_group and create_board have 40 a minute; the 41st alias fails, others do not."""
    document = (
        'mutation { create_board(board_name: "B", board_kind: public) { id } '
        'create_item(board_id: 10, item_name: "A") { id } }'
    )
    for _ in range(40):
        assert "errors" not in await post(document)
    content = await post(document)
    assert post.status == 200
    assert content["data"]["create_board"] is None
    assert content["data"]["create_item"] is not None
    extensions = content["errors"][0]["extensions"]
    assert extensions["code"] == "FIELD_MINUTE_RATE_LIMIT_EXCEEDED"
    assert (extensions["status_code"], extensions["retry_in_seconds"]) == (429, 60)
    assert post.monday.stats.rate_limited == {"FIELD_MINUTE_RATE_LIMIT_EXCEEDED": 1}
    await clock.advance(60)
    assert "errors" not in await post(document)


@pytest.mark.parametrize(("columns", "values", "refused"), [(5, 10, False), (6, 10, True)])
async def test_shown_formulas_are_metered(clock, columns, values, refused):
    """display_value of formulas: 10,000 a minute, and five columns a request."""
    formulas = [{"id": f"f{n}", "title": "F", "type": "formula"} for n in range(6)]
    board = {"id": "1", "name": "B", "columns": formulas, "items": [{"name": "A"}] * 2}
    monday = Monday({"boards": [board]}, clock=clock, settings={"formula_values_per_minute": 10})
    ids = json.dumps([f"f{n}" for n in range(columns)])
    query = (
        f"{{ boards {{ items_page {{ items {{ column_values(ids: {ids}) "
        "{ ... on FormulaValue { display_value } } } } } }"
    )

    async def code() -> str | None:
        body = json.dumps({"query": query}).encode()
        answer = await monday.post(body, {"authorization": "emulator-token"})
        errors = json.loads(answer.body).get("errors")
        return errors[0]["extensions"]["code"] if errors else None

    limit = "FIELD_MINUTE_RATE_LIMIT_EXCEEDED"
    assert await code() == (limit if refused else None)
    assert await code() == limit


async def test_parallel_mutations_all_fail_one_by_one(post):
    """When every alias fails there is an error for each, and HTTP 200."""
    content = await post(
        'mutation { a: create_item(board_id: 8, item_name: "A") { id } '
        "b: archive_item(item_id: 9) { id } }"
    )
    assert post.status == 200
    assert content["data"] == {"a": None, "b": None}
    assert [(each["path"], each["extensions"]["code"]) for each in content["errors"]] == [
        (["a"], "InvalidBoardIdException"),
        (["b"], "ResourceNotFoundException"),
    ]
