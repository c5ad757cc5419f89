"""Views that show the last good run of each deal and date in the seed's table shape."""

from db.migrations.statements import run_file

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    run_file("0003_current_views_up.sql")


def downgrade() -> None:
    run_file("0003_current_views_down.sql")
