"""Check, plan, review, apply and read the findings, as people do it: in processes of their own."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable
from typing import Any

import pytest

from place import Place, counted

KEY = '"AAG ORDER NUMBER"'
WILD = '=HYPERLINK("x")<script>alert(1)</script>\x1b[2J'


@pytest.fixture(scope="module")
def place(places: Callable[..., Place]) -> Place:
    """PO 4755, with one customer that nobody knows and would like to be a formula."""
    place = places()
    place.sql(f'update ORDERS_UNIFIED set "CUSTOMER NAME" = ? where {KEY} = ?', WILD, "GRE-04261")
    return place


def test_check_says_whether_a_run_can_go(place: Place) -> None:
    """Exit 0 and `ready` with a line held; exit 1 once something would stop a run."""
    document = place.run("check", "--json").json
    assert document["ready"] is True
    assert {row["status"] for row in document["checks"]} == {"passed", "warning"}
    assert set(document["checks"][0]) == {"what", "status", "found", "hint"}
    other = place.other(("sqlite:///source.db", "sqlite:///none.db"))
    stopped = place.run(*other, "check", "--json", code=1).json
    assert stopped["ready"] is False
    assert [r["what"] for r in stopped["checks"] if r["status"] == "failed"] == ["source"]


def test_a_plan_shows_payloads(place: Place) -> None:
    """`--show 3` prints a group, an item and a size; nothing that would act on a terminal."""
    out = place.run("plan", "--show", "3").out
    for action in ('"action": "ensure_group"', '"action": "create"'):
        assert action in out
    assert '"Order Qty"' in out
    assert r"\x1b[2J" in out
    assert "\x1b" not in out


@pytest.fixture(scope="module")
def kept(place: Place) -> dict[str, Any]:
    """A plan that was kept for another person."""
    place.run("plan", "--limit", "20", "--out", "plan.json")
    document: dict[str, Any] = json.loads((place.folder / "plan.json").read_text("utf-8"))
    return document


def test_a_kept_plan_is_shown_and_applied(place: Place, kept: dict[str, Any]) -> None:
    """Another person reads it without ledger or board; `apply FILE` does what it says."""
    assert place.run("show", "plan.json", "--json").json == kept
    out = place.run("--config", "nowhere.toml", "show", "plan.json").out
    assert kept["checksum"] in out
    assert "filters limit 20" in out
    run = counted(place.run("apply", "plan.json", "--json").json)
    assert (run["checksum"], run["items"]["created"]) == (kept["checksum"], 20)
    assert run["estimate"]["calls"] == run["actual"]["calls"]
    refused = place.run("apply", "plan.json", "--json", code=3).json
    assert refused["error"]["message"].startswith("the plan is now")


def test_a_kept_plan_that_was_changed_is_not_shown(place: Place, kept: dict[str, Any]) -> None:
    """Exit 3: what is reviewed must be what would be applied."""
    changed = kept | {"operations": kept["operations"][1:]}
    (place.folder / "changed.json").write_text(json.dumps(changed), encoding="utf-8")
    error = place.run("show", "changed.json", "--json", code=3).json["error"]
    assert "its checksum says" in error["message"]


def test_findings_as_rows_and_as_a_file(place: Place, kept: dict[str, Any]) -> None:
    """Filters by severity, run and state; the file opens as data in a spreadsheet."""
    assert kept["operations"]
    run = counted(place.run("apply", "--json").json)
    found = place.run("findings", "--severity", "error", "--csv", "f.csv", "--json").json
    assert [f["rule"] for f in found] == ["customer"]
    assert found[0]["value"] == WILD
    assert found[0]["state"] == "open"
    assert found[0]["first_seen"] <= found[0]["last_seen"]
    assert run["findings"]["open"] == len(place.run("findings", "--json").json)
    assert place.run("findings", "--new-in", run["id"], "--json").json == []
    with (place.folder / "f.csv").open(encoding="utf-8-sig", newline="") as file:
        (row,) = csv.DictReader(file)
    assert row["value"] == "'" + WILD.replace("\x1b", r"\x1b")
    assert row["id"] == found[0]["id"]


def test_a_finding_is_resolved_by_a_look_without_it(place: Place, kept: dict[str, Any]) -> None:
    """The line is mended: the next run resolves the finding, and says so."""
    assert kept["operations"]
    place.sql(
        f'update ORDERS_UNIFIED set "CUSTOMER NAME" = ? where {KEY} = ?',
        "GREYSON CLOTHIERS",
        "GRE-04261",
    )
    run = counted(place.run("sync", "--json").json)
    assert (run["items"]["created"], run["items"]["skipped"]) == (1, 0)
    (resolved,) = place.run("findings", "--state", "resolved", "--json").json
    assert (resolved["rule"], resolved["resolved_run"]) == ("customer", run["id"])
    assert resolved["state"] == "resolved"
    assert run["findings"]["resolved"] == 1
