"""What is known of an account, from one run to the next."""

from __future__ import annotations

from books import Books

from customer_orders.ledger import accounts


def test_calls_are_added_by_account_and_day(books: Books):
    """Each process adds its own; another account and another day begin at nothing."""
    ledger = books.ledger
    assert accounts.keep(ledger, "1", "2026-11-25", 7.0, {}) == 7
    assert accounts.keep(ledger, "1", "2026-11-25", 2.1, {}) == 9.1
    assert accounts.known(ledger, "1", "2026-11-25")[0] == 9.1
    assert accounts.known(ledger, "1", "2026-11-26")[0] == 0
    assert accounts.known(ledger, "2", "2026-11-25")[0] == 0


def test_the_newest_prices_are_kept(books: Books):
    """Each account has its own."""
    ledger = books.ledger
    accounts.keep(ledger, "1", "2026-11-25", 0, {"create_item": 30_001.0, "move_item": 10_001.0})
    accounts.keep(ledger, "1", "2026-11-26", 0, {"create_item": 20_001.0, "move_item": 10_001.0})
    _, prices = accounts.known(ledger, "1", "2026-11-27")
    assert prices == {"create_item": 20_001.0, "move_item": 10_001.0}
    assert accounts.known(ledger, "2", "2026-11-27")[1] == {}
