"""The demo's folder: sample source, board state, configuration, and the emulator beside them."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

from customer_orders.config import SETTINGS_FILE, Settings, load
from customer_orders.demo import sample
from customer_orders.demo.board import BOARD_ID, BOARD_NAME, KEY_COLUMN, seed
from customer_orders.demo.places import Places
from customer_orders.errors import ConfigError, CustomerOrdersError

FOLDER = Path("customer-orders-demo")
#: Says that a folder is ours and may be replaced.
MARK = ".customer-orders-demo"
STATE = "monday.json"
#: Limits far above any account's, so that the demo ends in seconds.
LIMITS = {
    "complexity_per_minute": 10**9,
    "requests_per_minute": 10**6,
    "ip_requests_per_10_seconds": 10**6,
    "calls_per_day": 10**6,
}
STOP_SECONDS = 10


def make_folder(folder: Path) -> None:
    """Write the board. Raises ConfigError when the folder is somebody else's."""
    if folder.exists():
        if not (folder / MARK).is_file():
            raise ConfigError(
                f"{folder} is there and is not a demo's folder",
                hint="give another one with --dir; nothing was changed",
            )
        shutil.rmtree(folder)
    folder.mkdir(parents=True)
    (folder / MARK).write_text("made by `customer-orders demo`\n", encoding="utf-8")
    state = json.dumps(seed(settings=LIMITS), ensure_ascii=False)
    (folder / STATE).write_text(state, encoding="utf-8")


def write_settings(folder: Path, url: str, places: Places) -> Settings:
    """Write the configuration of the demo's board at this address, and read it."""
    customers = "\n".join(
        f"{json.dumps(name)} = {json.dumps(list(names), ensure_ascii=False)}"
        for name, names in sample.CUSTOMERS.items()
    )
    text = f"""\
# Made by `customer-orders demo`. The token opens nothing but the emulator on this machine.

[source]
url = "{places.source}"
table = "{sample.TABLE}"

[ledger]
url = "{places.ledger}"

[monday]
token = "emulator-demo"
url = "{url}"
plan = "enterprise"

[[board]]
id = "{BOARD_ID}"
name = "{BOARD_NAME}"
key_column = "{KEY_COLUMN}"

[customers]
{customers}
"""
    file = folder / SETTINGS_FILE
    file.write_text(text, encoding="utf-8")
    return load(file)


@contextmanager
def emulator_process(folder: Path) -> Iterator[str]:
    """The emulator as a process of its own on a free port. Yields its URL."""
    arguments = ["emulator", "--state", str(folder / STATE), "--port", "0"]
    process = subprocess.Popen(  # noqa: S603 - our own command
        [sys.executable, "-m", "customer_orders", *arguments], stdout=subprocess.PIPE, text=True
    )
    try:
        line = process.stdout.readline() if process.stdout else ""
        if not line:
            raise CustomerOrdersError(
                "the emulator did not start", hint="its own message stands above"
            )
        yield str(json.loads(line)["url"])
    finally:
        process.terminate()
        try:
            process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        if process.stdout:
            process.stdout.close()


def emulator_of(settings: Settings, state: Path | None, port: int | None) -> tuple[Path, int]:
    """State file and port of the board that a demo's configuration points at."""
    file = state or settings.path(Path(STATE))
    if not file.is_file():
        raise ConfigError(
            f"{file}: no such file", hint="give --state FILE, or stand in a demo's folder"
        )
    return file, port if port is not None else urlsplit(settings.monday.url).port or 0
