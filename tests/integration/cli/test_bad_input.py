"""Bad input: what the operator reads, and the exit code."""

from __future__ import annotations

import socket
import time
from collections.abc import Callable
from typing import Any

import pytest

from customer_orders.demo.board import BOARD_ID
from place import Ended, Place

URL = 'url = "sqlite:///source.db"'
TABLE = 'table = "ORDERS_UNIFIED"'
TOKEN = 'token = "emulator-demo"'
NAME = 'name = "Customer Master Schedule"'
COLUMN = '[mapping.columns]\n"{}" = {{ from = "{}" }}\n'


@pytest.fixture(scope="module")
def place(places: Callable[..., Place]) -> Place:
    """A place in which all is well; each test brings a fault."""
    return places()


def refused(place: Place, *arguments: str, code: int = 1) -> tuple[str, str]:
    """Message and hint of a command that must not go on; nothing was sent."""
    sent = place.mutations()
    ended: Ended = place.call(*arguments, "--json", code=code)
    assert place.mutations() == sent
    document: dict[str, Any] = ended.json
    assert set(document["error"]) == {"message", "hint"}
    assert f"error: {document['error']['message']}" in ended.err
    return document["error"]["message"], document["error"]["hint"]


def test_no_configuration(place: Place) -> None:
    """The file is named, and the ways to name another."""
    message, hint = refused(place, "--config", "nowhere.toml", "plan")
    assert message == "nowhere.toml: no such configuration file"
    assert "CUSTOMER_ORDERS_CONFIG" in hint


def test_the_variable_names_the_configuration(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    """CUSTOMER_ORDERS_CONFIG is looked at; --config goes before it."""
    monkeypatch.setenv("CUSTOMER_ORDERS_CONFIG", "elsewhere.toml")
    assert refused(place, "status")[0] == "elsewhere.toml: no such configuration file"
    assert place.call("--config", "customer_orders.toml", "status").code == 0


@pytest.mark.parametrize("command", ["check", "plan", "apply", "verify", "status", "deploy"])
def test_a_half_written_configuration(place: Place, command: str) -> None:
    """File and line, for every command."""
    other = place.other((NAME, 'name = "Customer Mas'))
    line = place.configuration()[: place.configuration().index(NAME)].count("\n") + 1
    message, _ = refused(place, *other, command)
    assert message.startswith(f"other.toml:{line}: not valid TOML: ")


def test_an_unknown_key(place: Place) -> None:
    """File, line and key, and the nearest key that there is."""
    message, hint = refused(
        place, *place.other((TABLE, f'{TABLE}\nskope = [["A", "=", "b"]]')), "plan"
    )
    assert message == "other.toml:4: source.skope: unknown key"
    assert hint == 'did you mean "scope"?'


def test_a_value_that_does_not_fit(place: Place) -> None:
    """File, line, key and what was expected."""
    message, _ = refused(place, *place.other(('plan = "enterprise"', 'plan = "gold"')), "plan")
    assert message.startswith("other.toml:11: monday.plan: ")
    assert "'enterprise'" in message


def test_an_absent_table(place: Place) -> None:
    """The table is named with the nearest one."""
    other = place.other((TABLE, 'table = "ORDERS_UNIFYED"'))
    message, _ = refused(place, *other, "plan")
    assert message.startswith('the table "ORDERS_UNIFYED" is not in ')
    assert message.endswith('(nearest: "ORDERS_UNIFIED")')


def test_an_absent_column(place: Place) -> None:
    """The column is named with the nearest one."""
    other = place.other(more="\n" + COLUMN.format("NOTES", "NOTTES"))
    message, hint = refused(place, *other, "plan")
    assert message == 'the table ORDERS_UNIFIED has no column "NOTTES" (nearest: "NOTES")'
    assert "[mapping.columns]" in hint


@pytest.mark.parametrize("command", ["plan", "verify"])
def test_an_empty_source(place: Place, command: str) -> None:
    """A scope that nothing fits is refused, never taken for "nothing to do"."""
    other = place.other((TABLE, f'{TABLE}\nscope = [["AAG SEASON", "=", "1999 FALL"]]'))
    message, hint = refused(place, *other, command, code=3)
    assert message == "the source holds no order line (0 rows, 0 blank)"
    assert "scope" in hint


def test_an_unreachable_database(place: Place) -> None:
    """A file that is not there, and one that is no database."""
    (place.folder / "letter.db").write_text("Dear Sir or Madam, " * 100, encoding="utf-8")
    message, _ = refused(place, *place.other((URL, 'url = "sqlite:///gone.db"')), "plan")
    assert message.endswith("gone.db is not there")
    message, _ = refused(place, *place.other((URL, 'url = "sqlite:///letter.db"')), "plan")
    assert "letter.db cannot be read" in message


def test_a_database_without_a_driver(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    """The driver is named, with what to do instead."""
    monkeypatch.setenv("ORDERS_DB_URL", "firebird://reader@db.example.com/orders")
    message, hint = refused(place, *place.other((URL, 'url = "env/ORDERS_DB_URL"')), "plan")
    assert "the driver for firebird is not installed" in message
    assert "CSV" in hint


def test_a_ledger_without_tables(place: Place) -> None:
    """What was never deployed says so."""
    other = place.other(("sqlite:///ledger.db", "sqlite:///fresh.db"))
    for command in ("plan", "apply", "status", "runs", "findings", "verify"):
        message, hint = refused(place, *other, command)
        assert message.endswith("fresh.db has no tables yet")
        assert hint == "run `customer-orders deploy`"
    assert not (place.folder / "fresh.db").exists()


def test_an_unreachable_board(place: Place) -> None:
    """A closed port: the address is named, and that nothing was sent."""
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        port = closed.getsockname()[1]
    address = f"http://127.0.0.1:{port}/v2"
    message, hint = refused(place, *place.other((place.url, address)), "plan")
    assert message.startswith(f"{address} cannot be reached")
    assert "nothing was sent" in hint


def test_a_wrong_token(place: Place) -> None:
    """monday does not know the user; the message points at the setting."""
    message, hint = refused(place, *place.other((TOKEN, 'token = "emulator-nobody"')), "plan")
    assert "token" in message + hint


def test_a_board_that_is_not_there(place: Place) -> None:
    """The id is named."""
    message, _ = refused(place, *place.other((f'id = "{BOARD_ID}"', 'id = "4711"')), "plan")
    assert "board 4711 is not there" in message


def test_a_board_of_another_name(place: Place) -> None:
    """Both names are said: development and production must not be mixed up."""
    message, hint = refused(place, *place.other((NAME, 'name = "Customer Master Test"')), "plan")
    assert 'is called "Customer Master Schedule"' in message
    assert '"Customer Master Test"' in message
    assert "nothing was written" in hint


@pytest.mark.parametrize(
    ("title", "fault"),
    [
        ("FACTORY", 'column "FACTORY" is of the read-only type mirror'),
        ("Net Demand", 'column "Net Demand" is of the read-only type formula'),
        ("PACKED QTY", 'column "PACKED QTY" belongs to others and is never written'),
        ("ORDER STATUS", 'column "ORDER STATUS" belongs to others and is never written'),
        ("NOTEZ", 'column "NOTEZ" is missing (nearest: "NOTES")'),
    ],
)
def test_a_mapping_to_a_column_that_is_not_ours(place: Place, title: str, fault: str) -> None:
    """Read-only, foreign-owned or missing: named before anything is written."""
    other = place.other(more="\n" + COLUMN.format(title, "NOTES"))
    message, hint = refused(place, *other, "plan")
    assert fault in message
    assert "nothing was written" in hint
    checks = place.call(*other, "check", "--json", code=1).json["checks"]
    assert fault in next(check["found"] for check in checks if check["status"] == "failed")


def test_an_alias_that_two_customers_claim(place: Place) -> None:
    """Both customers are named, and the line."""
    other = place.other(('"QUILLMOOR" = [', '"QUILLMOOR" = ["greyson clothiers", '))
    message, hint = refused(place, *other, "plan")
    assert message.startswith("other.toml:")
    assert 'is claimed by "GREYSON" and "QUILLMOOR"' in message
    assert "one customer" in hint


def test_an_emulator_s_token_for_a_foreign_host(place: Place) -> None:
    """It is sent to this machine only."""
    other = place.other((place.url, "https://api.monday.com/v2"))
    message, _ = refused(place, *other, "plan")
    assert "is an emulator's, but api.monday.com is not this machine" in message


def test_a_host_without_tls(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    """A real token would travel in clear."""
    monkeypatch.setenv("MONDAY_API_TOKEN", "not-a-real-one")
    other = place.other(
        (TOKEN, 'token = "env/MONDAY_API_TOKEN"'), (place.url, "http://api.monday.com/v2")
    )
    message, _ = refused(place, *other, "plan")
    assert "does not use https" in message
    assert "not-a-real-one" not in message


def test_a_literal_token(place: Place) -> None:
    """A secret in the file is refused and not repeated."""
    message, _ = refused(place, *place.other((TOKEN, 'token = "eyJhbGciOi"')), "plan")
    assert message.startswith("other.toml:9: monday.token: must be a reference like env/NAME")
    assert "eyJhbGciOi" not in message


def test_a_variable_that_is_not_set(place: Place) -> None:
    """The variable is named."""
    message, _ = refused(place, *place.other((TOKEN, 'token = "env/MONDAY_API_TOKEN"')), "plan")
    assert message == "the environment variable MONDAY_API_TOKEN is not set"


def test_a_lock_held_by_another_run(place: Place) -> None:
    """Who holds the board, since when, and how long to wait."""
    row = (BOARD_ID, "kim@loading-dock process 7", "20260101-000000-abcd", 9, time.time(), 1)
    place.sql("insert or replace into lock values (?, ?, ?, ?, ?, ?)", *row, database="ledger.db")
    run = place.call("apply", "--json", code=1).json
    assert run["status"] == "FAILED"
    assert "kim@loading-dock process 7 (run 20260101-000000-abcd)" in run["error"]["message"]
    assert "is being written by kim@loading-dock" in " ".join(place.call("status").out.split())
    assert place.call("plan").code == 0, "reading needs no lock"
    place.sql("delete from lock", database="ledger.db")


def test_a_plan_that_cannot_be_kept_or_read(place: Place) -> None:
    """A folder that is not there, and a file that is no plan."""
    message, hint = refused(place, "plan", "--out", "nowhere/plan.json")
    assert message.startswith("nowhere/plan.json: cannot be written")
    assert "--out" in hint
    message, _ = refused(place, "apply", "customer_orders.toml")
    assert message.startswith("customer_orders.toml: not a plan")


def test_a_kept_plan_and_another_checksum(place: Place) -> None:
    """FILE and --expect must not contradict each other."""
    place.call("plan", "--out", "kept.json")
    message, _ = refused(place, "apply", "kept.json", "--expect", "0" * 64)
    assert "--expect says" in message


def test_an_id_that_nobody_printed(place: Place) -> None:
    """`show` says where ids come from."""
    message, hint = refused(place, "show", "4711")
    assert message == "nothing in the ledger has the id 4711"
    assert "customer-orders runs" in hint


def test_the_emulator_needs_a_board(place: Place) -> None:
    """Outside a demo's folder the file has to be named; a port in use is said."""
    assert "give --state FILE" in refused(place, "emulator")[1]
    state = place.folder / "board.txt"
    state.write_text("{", encoding="utf-8")
    message, _ = refused(place, "emulator", "--state", state.name, "--port", "0")
    assert "cannot serve board.txt" in message


def test_the_chain_of_causes(place: Place) -> None:
    """One line per cause on stderr; the traceback only with -v."""
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        port = closed.getsockname()[1]
    other = place.other((place.url, f"http://127.0.0.1:{port}/v2"))
    ended = place.call(*other, "plan", code=1)
    lines = [line for line in ended.err.splitlines() if not line.startswith("timestamp")]
    assert lines[0].startswith("error: ")
    assert lines[1].startswith("  because: ")
    assert lines[-1].startswith("  hint: ")
    assert "Traceback" not in ended.err
