"""Alembic's entry: runs the migrations on the connection that `Ledger.deploy` hands over."""

from alembic import context

from customer_orders.ledger.schema import SCHEMA, metadata

#: SQL Server makes a schema only in a batch of its own.
NEW_SCHEMA = {
    "postgresql": f"create schema {SCHEMA}",
    "mssql": f"exec('create schema {SCHEMA}')",
}
options = context.config.attributes
place = {"target_metadata": metadata, "version_table_schema": options["schema"]}
if context.is_offline_mode():
    context.configure(dialect_name=options["dialect"], literal_binds=True, **place)
else:
    context.configure(connection=options["connection"], **place)
with context.begin_transaction():
    if options["new_schema"]:
        context.execute(NEW_SCHEMA[context.get_context().dialect.name])
    context.run_migrations()
