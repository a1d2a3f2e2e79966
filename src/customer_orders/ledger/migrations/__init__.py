"""The road from an empty database to today's tables, one step a file.

A step that is released does not change any more: somebody's ledger has taken it.
"""

from alembic import op


def ours() -> str | None:
    """The schema of our tables; None where the engine has none."""
    return op.get_context().version_table_schema
