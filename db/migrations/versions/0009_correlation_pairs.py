"""Correlations pair by pair, beside the matrix in one piece."""

from db.migrations.statements import run_file

revision = "0009"
down_revision = "0008"


def upgrade() -> None:
    run_file("0009_correlation_pairs_up.sql")


def downgrade() -> None:
    run_file("0009_correlation_pairs_down.sql")
