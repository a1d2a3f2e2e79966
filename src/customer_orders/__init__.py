"""Carries order lines from a SQL table to monday.com boards, exactly once.

One order line: `source` reads it, `changes` tells whether it is new, `mapping` says what the board
should show, `plan` what there is to do, `ledger` writes that down, `delivery` sends it through
`monday`, `report` tells. `draft` and `pipeline` are that journey in order; `cli` starts it.
Beside it: `readiness` (check), `deployment` and `stamp` (deploy), `rights`, `story` (show), `demo`,
and `emulator`, a monday of its own. Imports go down only: pyproject.toml, importlinter.
"""
