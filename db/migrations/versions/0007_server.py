"""Keys of the calculation server's users, and a record of what was asked of it."""

from db.migrations.statements import run_file

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    run_file("0007_server_up.sql")


def downgrade() -> None:
    run_file("0007_server_down.sql")
