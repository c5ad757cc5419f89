"""Asset cash flows are keyed by run first, so that a run is stored at the end of the key and read as one stretch."""

from db.migrations.statements import run_file

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    run_file("0004_flows_by_run_up.sql")


def downgrade() -> None:
    run_file("0004_flows_by_run_down.sql")
