"""Every line counts once: `selected` is the sum of outcomes, whatever happened.

`Place.apply` asserts the sums of each run, per customer and in total.
"""

from __future__ import annotations

from collections.abc import Callable

import pytest

from customer_orders.demo import sample
from place import Place

KEY = '"AAG ORDER NUMBER"'


@pytest.fixture
def place(places: Callable[..., Place]) -> Place:
    """120 lines of all customers, PO 4755 among them."""
    return places(lines=sample.rows(121))


def test_lines_that_are_held(place: Place) -> None:
    """A line without a number or with an unknown customer is skipped; the others arrive."""
    place.sql(f"update ORDERS_UNIFIED set {KEY} = ' ' where {KEY} = 'GRE-04260'")
    place.sql(f"update ORDERS_UNIFIED set \"CUSTOMER NAME\" = 'WHO?' where {KEY} = 'GRE-04261'")
    place.sql(f"update ORDERS_UNIFIED set \"ORDER TYPE\" = 'MAYBE' where {KEY} = 'GRE-04262'")
    run = place.apply()
    assert (run["items"]["selected"], run["items"]["skipped"]) == (120, 2)
    assert run["items"]["created"] == 118
    findings = {f["rule"]: f for f in place.call("findings", "--json").json}
    (row,) = place.sql("select rowid from ORDERS_UNIFIED where trim(\"CUSTOMER STYLE\") <> '' "
                       f"and trim({KEY}) = ''")  # fmt: skip
    unidentified = next(
        f for f in findings.values() if f["source_row"] == row[0] and f["severity"] == "error"
    )
    assert "AAG ORDER NUMBER" in unidentified["message"] + str(unidentified["source_column"])
    assert findings["customer"]["value"] == "WHO?"
    assert len(place.board()) == 118
    again = place.apply()
    assert (again["items"]["skipped"], again["items"]["unchanged"]) == (2, 118)


def test_filters_choose_from_the_plan(place: Place) -> None:
    """Customer, PO, season and limit: each is in the report, and none makes a line missing."""
    assert place.apply("--po", "4755", "--limit", "10")["items"]["created"] == 10
    first = place.apply("--po", "4755")
    assert (first["items"]["selected"], first["items"]["created"]) == (69, 59)
    assert first["items"]["unchanged"] == 10
    assert first["filters"] == {"po": "4755"}
    quillmoor = place.apply("--customer", "Quillmoor", "--limit", "2")
    assert quillmoor["filters"] == {"customer": "Quillmoor", "limit": 2}
    assert quillmoor["items"]["created"] == quillmoor["items"]["selected"] == 2
    season = place.apply("--season", "SP26")
    assert (season["items"]["selected"], season["items"]["created"]) == (4, 4)
    assert set(season["customers"]) == {"LITTLE OSKET"}
    nothing = place.apply("--limit", "0")
    assert nothing["mutations"] == 0
    run = place.apply()
    assert run["items"]["selected"] == 120
    assert run["items"]["created"] + run["items"]["unchanged"] == 120
    assert place.call("verify", "--json").json["verified"] is True
    assert place.call("status", "--json").json["missing_lines"] == 0


def test_lines_that_fail_and_lines_they_block(place: Place) -> None:
    """A refused group blocks its lines; a refused subitem costs its line; others are delivered."""
    place.admin("faults", [
        {"kind": "alias_error", "operation": "create_group", "count": 1},
        {"kind": "alias_error", "operation": "create_subitem", "count": 1, "skip": 30},
    ])  # fmt: skip
    run = place.apply(code=2)
    failed = {name: c["failed"] for name, c in run["customers"].items() if c["failed"]}
    assert run["items"]["failed"] == sum(failed.values()) >= 2
    assert len(failed) == 2, "one customer's failure does not stop another's"
    assert run["items"]["created"] == 120 - run["items"]["failed"]
    again = place.apply(code=2)
    assert again["items"]["failed"] == run["items"]["failed"]
    assert again["mutations"] == 0


def test_missing_lines_are_reported_not_counted(place: Place) -> None:
    """A line that is gone keeps its item, is no line in scope, and is marked."""
    place.apply()
    place.sql(f"delete from ORDERS_UNIFIED where {KEY} in ('GRE-04263', 'GRE-04264')")
    run = place.apply()
    assert (run["items"]["selected"], run["items"]["unchanged"]) == (118, 118)
    assert (run["status"], run["mutations"]) == ("NO_CHANGES", 0)
    assert place.call("status", "--json").json["missing_lines"] == 2
    missing = place.call("findings", "--rule", "missing", "--json").json
    assert len(missing) == 2
    assert place.call("verify", "--json").json["verified"] is True
    assert len(place.board()) == 120


def test_a_changed_scope_takes_no_line_for_another(place: Place) -> None:
    """Lines that only left the scope are not the new ones under another key; a re-key is known."""
    pair = f"select count(*) from ORDERS_UNIFIED where {KEY} = 'GRE-04325'"
    assert place.sql(pair) == [(2,)]
    scope = (
        'scope = [["AAG ORDER NUMBER", "=", "GRE-04325"], ["PLANNED DELIVERY METHOD", "=", "{}"]]'
    )
    table = 'table = "ORDERS_UNIFIED"'

    def sync(method: str) -> dict[str, int]:
        options = place.other((table, f"{table}\n{scope.format(method)}"))
        return place.call(*options, "sync", "--json").json["items"]

    assert sync("SEA")["created"] == 1
    assert sync("AIR")["created"] == 1
    assert len(place.board()) == 2
    place.sql(f"update ORDERS_UNIFIED set \"CUSTOMER ALT PO\" = 'new' where {KEY} = 'GRE-04325'")
    assert sync("AIR")["updated"] == 1
    assert len(place.board()) == 2


def test_missing_reads_of_another_scope_do_not_count(places: Callable[..., Place]) -> None:
    """Two reads without a line, then another scope: that read is its first, and only a remark."""
    place = places(lines=sample.rows(5))
    place.apply()
    place.sql("delete from ORDERS_UNIFIED where rowid = 1")
    table = 'table = "ORDERS_UNIFIED"'
    wider = place.other((table, f'{table}\nscope = [["AAG ORDER NUMBER", "!=", "none"]]'))

    def missing(*options: str) -> tuple[str, str]:
        place.call(*options, "sync", "--json")
        (found,) = place.call(*options, "findings", "--rule", "missing", "--json").json
        return found["severity"], found["message"].split(";")[0]

    assert missing() == ("info", "not in the source for 1 complete reads")
    assert missing() == ("info", "not in the source for 2 complete reads")
    assert missing(*wider) == ("info", "not in the source for 1 complete reads")
