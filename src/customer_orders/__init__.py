"""Carries order lines from a SQL table to monday.com boards, exactly once."""
