"""What Alembic runs: on the connection it is handed, or as SQL on paper."""

from __future__ import annotations

from alembic import context

from storage.mysql.schema import metadata

if context.is_offline_mode():
    context.configure(
        dialect_name="mysql", target_metadata=metadata, literal_binds=True, as_sql=True
    )
else:
    context.configure(
        connection=context.config.attributes["connection"],
        target_metadata=metadata,
        compare_type=True,
    )
with context.begin_transaction():
    context.run_migrations()
