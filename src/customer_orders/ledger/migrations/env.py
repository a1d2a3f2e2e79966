"""Alembic's entry: runs the migrations on the connection that `Ledger.deploy` hands over."""

from alembic import context

from customer_orders.ledger.schema import metadata

options = context.config.attributes
if context.is_offline_mode():
    context.configure(dialect_name=options["dialect"], target_metadata=metadata, literal_binds=True)
else:
    context.configure(connection=options["connection"], target_metadata=metadata)
with context.begin_transaction():
    context.run_migrations()
