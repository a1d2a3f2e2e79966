"""The defaults, and the bounds of what may be set."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from customer_orders.config import (
    GuardSettings,
    MappingSettings,
    MondaySettings,
    RuleSettings,
    Secret,
    Settings,
    TimeSettings,
    redacted,
)

LEAST: dict[str, Any] = {
    "source": {"file": "orders.csv"},
    "board": [{"id": "1", "name": "Schedule"}],
    "customers": {"GREYSON": []},
}


def test_the_least_configuration() -> None:
    """A source, a board and a customer; the rest has defaults."""
    made = Settings.model_validate(LEAST)
    assert made.ledger.url == "sqlite:///ledger.db"
    assert made.boards[0].key_column == "LINE KEY"
    assert made.mapping == MappingSettings()


def test_times_are_those_of_the_contract() -> None:
    """In seconds."""
    assert TimeSettings().model_dump() == TimeSettings().model_dump() | {
        "call_cap": 60,
        "client_timeout": 65,
        "index_lag": 120,
        "send_within": 10,
        "replay": 25 * 60,
        "lock_stale": 60,
        "recheck": 24 * 60 * 60,
    }


def test_other_defaults() -> None:
    """The address, version and plan of monday, the guard, and when a missing line is a warning."""
    monday = MondaySettings()
    assert (monday.url, monday.version) == ("https://api.monday.com/v2", "2026-10")
    assert (monday.token, monday.plan) == ("env/MONDAY_API_TOKEN", "pro")
    assert (monday.reserve_daily_calls, monday.aliases) == (0.1, 50)
    guard = GuardSettings()
    assert (guard.floor, guard.changed_or_missing, guard.source_rows) == (50, 0.3, 0.7)
    assert RuleSettings().line_gone_after == 3


@pytest.mark.parametrize(
    ("table", "key", "value"),
    [
        ("monday", "aliases", 0),
        ("monday", "aliases", 101),
        ("monday", "in_flight", 0),
        ("monday", "in_flight", 41),
        ("monday", "reserve_daily_calls", 1),
        ("monday", "reserve_daily_calls", -0.1),
        ("guard", "floor", -1),
        ("guard", "changed_or_missing", 0),
        ("guard", "changed_or_missing", 1.01),
        ("guard", "source_rows", 0),
        ("guard", "source_rows", 1.01),
        ("rules", "line_gone_after", 0),
        ("time", "call_cap", 0),
        ("time", "index_lag", -1),
    ],
)
def test_a_number_out_of_bounds_is_refused(table: str, key: str, value: float) -> None:
    """A share is a share, a time is not negative, a request holds at least one mutation."""
    with pytest.raises(ValidationError) as caught:
        Settings.model_validate(LEAST | {table: {key: value}})
    assert [error["loc"] for error in caught.value.errors()] == [(table, key)]


@pytest.mark.parametrize(
    ("table", "key", "value"),
    [("source", "file", "x"), ("guard", "floor", 1), ("mapping", "name", "x")],
)
def test_settings_do_not_change(table: str, key: str, value: object) -> None:
    """What a run was started with holds to its end."""
    made = getattr(Settings.model_validate(LEAST), table)
    with pytest.raises(ValidationError, match="frozen"):
        setattr(made, key, value)


def test_a_token_of_the_emulator_may_stand_in_the_file() -> None:
    """It opens nothing outside, so it is its own value."""
    made = Settings.model_validate(LEAST | {"monday": {"token": "emulator-pipeline"}})
    assert isinstance(made.monday.token, Secret)
    assert made.monday.token.reveal() == "emulator-pipeline"


def test_a_revealed_secret_is_cleared_from_text(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever repeats it, a message or a log, shows stars."""
    for secret in ("quagga-of", "quagga-of-this-test", "the quagga-of"):
        monkeypatch.setenv("SOME_TOKEN", secret)
        assert Secret("env/SOME_TOKEN").reveal() == secret
    assert redacted("sent quagga-of-this-test, quagga-of") == "sent ***, ***"
