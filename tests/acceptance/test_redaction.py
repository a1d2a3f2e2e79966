"""A secret is in no output, no report and no byte of the ledger, whatever goes wrong."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from place import Ended, Place

TOKEN = "emulator-canary-7Vq2mZ"  # the emulator takes no other kind
PASSWORD = "canary-pass-4Hs9"
CANARIES = (TOKEN, "canary-7Vq2mZ", PASSWORD)
BY_REFERENCE = ('token = "emulator-demo"', 'token = "env/CANARY_TOKEN"')
URL = f"postgresql://operator:{PASSWORD}@db.example.com/orders"


def secret_place(places: Callable[..., Place]) -> Place:
    """A place whose configuration refers to the canary token, and a board that takes it."""
    place = places()
    state = place.admin("state")
    state["users"][0]["token"] = TOKEN
    place.admin("state", state)
    text = place.configuration().replace(*BY_REFERENCE)
    place.config.write_text(text, encoding="utf-8")
    return place


@pytest.fixture(scope="module")
def place(places: Callable[..., Place]) -> Place:
    """The place that most tests share."""
    return secret_place(places)


@pytest.fixture(autouse=True)
def _files_hold_no_secret(place: Place) -> Iterator[None]:
    """After each test: nothing of the canaries in any file that the program wrote."""
    yield
    check_files(place)


def check_files(place: Place) -> None:
    """Ledger, reports and kept plans, byte by byte."""
    written = [*place.folder.glob("ledger.db*"), *place.folder.rglob("reports/*")]
    for file in [*written, *place.folder.glob("*.json")]:
        _clean(file.read_bytes(), file)


def _clean(content: bytes | str, where: Path | str) -> None:
    text = content.encode() if isinstance(content, str) else content
    for canary in CANARIES:
        assert canary.encode() not in text, where


@pytest.fixture(autouse=True)
def _token(monkeypatch: pytest.MonkeyPatch) -> None:
    """The canary token in the environment."""
    monkeypatch.setenv("CANARY_TOKEN", TOKEN)


def run(place: Place, *arguments: str, code: int = 0) -> Ended:
    """The command; its output is looked through."""
    ended = place.call(*arguments, code=code)
    _clean(ended.out, "stdout")
    _clean(ended.err, "stderr")
    return ended


def test_a_run_that_goes_well(place: Place) -> None:
    """With all the log there is, as text and as JSON."""
    run(place, "-v", "plan", "--out", "kept.json", "--show", "3")
    ended = place.run("-v", "plan")
    _clean(ended.out + ended.err, "a process of its own")
    run(place, "-v", "--log-format", "json", "apply", "--limit", "5", "--json")


def test_monday_repeats_the_token(places: Callable[..., Place]) -> None:
    """A server that puts the token into its messages gets it into no table and no output."""
    place = secret_place(places)
    message = f"the header said {TOKEN}"
    place.admin("faults", {"kind": "alias_error", "operation": "create_item", "message": message})
    ended = run(place, "-v", "apply", "--limit", "3", "--json", code=2)
    assert "the header said ***" in ended.json["failures"][0]["error"]
    run(place, "findings")
    run(place, "runs", "--json")
    check_files(place)


def test_the_token_is_refused(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    """A wrong token is not repeated, with or without -v."""
    monkeypatch.setenv("CANARY_TOKEN", f"{TOKEN}-of-yesterday")
    ended = run(place, "-v", "plan", code=1)
    assert "token" in ended.err
    run(place, "apply", "--json", code=1)


@pytest.mark.parametrize("table", ["source", "ledger"])
@pytest.mark.parametrize("url", [URL, f"nonsense {PASSWORD}", f"postgresql://x:{PASSWORD}@[h"])
def test_a_database_url_with_a_password(
    place: Place, table: str, url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A URL from the environment that cannot be used keeps its password to itself."""
    monkeypatch.setenv("CANARY_URL", url)
    old = 'url = "sqlite:///source.db"' if table == "source" else 'url = "sqlite:///ledger.db"'
    other = place.other(BY_REFERENCE, (old, 'url = "env/CANARY_URL"'))
    ended = run(place, "-v", *other, "plan", code=1)
    assert "error: " in ended.err


def test_a_secret_in_the_configuration_is_not_repeated(place: Place) -> None:
    """A literal token or password is refused by its key, without its value."""
    for old, new in (
        ('token = "emulator-demo"', f'token = "{PASSWORD}"'),
        ('url = "sqlite:///source.db"', f'url = "{URL}"'),
        ('url = "sqlite:///ledger.db"', f'url = "{URL}"'),
    ):
        ended = place.call(*place.other((old, new)), "check", code=1)
        _clean(ended.out + ended.err, "a configuration's error")
        assert "env/NAME" in ended.err
