"""Tables of assets, deals, snapshots, runs and results, with keys, indexes and partitions."""

from db.migrations.statements import run_file

revision = "0001"
down_revision = None


def upgrade() -> None:
    run_file("0001_tables_up.sql")


def downgrade() -> None:
    run_file("0001_tables_down.sql")
