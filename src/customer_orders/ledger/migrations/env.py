"""Alembic's entry: runs the migrations on the connection that `Ledger.deploy` hands over."""

from alembic import context
from sqlalchemy.schema import CreateSchema

from customer_orders.ledger.schema import metadata

options = context.config.attributes
place = {"target_metadata": metadata, "version_table_schema": options["schema"]}
if context.is_offline_mode():
    context.configure(dialect_name=options["dialect"], literal_binds=True, **place)
else:
    context.configure(connection=options["connection"], **place)
with context.begin_transaction():
    if options["new_schema"]:
        context.execute(CreateSchema(options["schema"]))
    context.run_migrations()
