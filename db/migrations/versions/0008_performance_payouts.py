"""Performance payouts: contracts, market data, cashflows and settlement, with their rules, views and partitions."""

from db.migrations.statements import run_file

revision = "0008"
down_revision = "0007"


def upgrade() -> None:
    run_file("0008_performance_payouts_up.sql")
    run_file("0008_payout_rules_up.sql")
    run_file("0008_payout_views_up.sql")


def downgrade() -> None:
    run_file("0008_performance_payouts_down.sql")
