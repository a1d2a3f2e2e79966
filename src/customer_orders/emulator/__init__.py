"""A local, faithful monday.com API, version 2026-10: no network, no account, no secrets.

    with Emulator(state=seed) as url:
        ...                              # any monday client pointed at `url`

`state.py` documents the seed, `accounts.py` several of them, `settings.py` every limit and
assumption, `faults.py` the plan of trouble; docs/emulator.md begins with what is not emulated.
It shares no code with the program that it checks.
"""

from customer_orders.emulator.core import Monday
from customer_orders.emulator.errors import ConnectionDropped
from customer_orders.emulator.server import Emulator, serve
from customer_orders.emulator.settings import Settings

__all__ = ["ConnectionDropped", "Emulator", "Monday", "Settings", "serve"]
