"""What is known of an account, from one run to the next."""

from __future__ import annotations

from books import Books

from customer_orders.ledger import accounts
from customer_orders.ledger.accounts import Known


def test_calls_are_added_by_account_and_day(books: Books):
    """Each process adds its own; another account and another day begin at nothing."""
    ledger = books.ledger
    assert accounts.keep(ledger, "1", "2026-11-25", Known(calls=7.0, prices={})) == 7
    assert accounts.keep(ledger, "1", "2026-11-25", Known(calls=2.1, prices={})) == 9.1
    assert accounts.known(ledger, "1", "2026-11-25").calls == 9.1
    assert accounts.known(ledger, "1", "2026-11-26").calls == 0
    assert accounts.known(ledger, "2", "2026-11-25").calls == 0


def test_the_newest_prices_are_kept(books: Books):
    """Each account has its own."""
    ledger = books.ledger
    for day, create in (("2026-11-25", 30_001.0), ("2026-11-26", 20_001.0)):
        prices = {"create_item": create, "move_item": 10_001.0}
        accounts.keep(ledger, "1", day, Known(calls=0, prices=prices))
    assert accounts.known(ledger, "1", "2026-11-27").prices == prices
    assert accounts.known(ledger, "2", "2026-11-27").prices == {}


def test_what_others_use_is_kept(books: Books):
    """The newest word counts, also on the next day; each account has its own."""
    ledger = books.ledger
    for day, others in (("2026-11-25", 7e6), ("2026-11-26", 2e6), ("2026-11-26", 3e6)):
        accounts.keep(ledger, "1", day, Known(calls=1, others=others, prices={}))
    assert accounts.known(ledger, "1", "2026-11-27").others == 3e6
    assert accounts.known(ledger, "2", "2026-11-27").others == 0
