"""Compliance results with cushion and drivers; accepted baselines; limits of deals; the pool as it stands."""

from db.migrations.statements import run_file

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    run_file("0005_compliance_up.sql")


def downgrade() -> None:
    run_file("0005_compliance_down.sql")
