"""Audit trail, `updated_at`, `assets.flags` and partitions by month, kept by the database itself."""

from db.migrations.statements import run_file

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    run_file("0002_audit_up.sql")


def downgrade() -> None:
    run_file("0002_audit_down.sql")
