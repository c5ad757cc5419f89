"""Blocks of running simulations, and the statistics of finished ones."""

from db.migrations.statements import run_file

revision = "0011"
down_revision = "0010"


def upgrade() -> None:
    run_file("0011_simulations_up.sql")


def downgrade() -> None:
    run_file("0011_simulations_down.sql")
