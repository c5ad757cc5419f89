"""A version for the data of each deal, raised by whatever writes them; recipes of object handles."""

from db.migrations.statements import run_file

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    run_file("0006_data_versions_up.sql")


def downgrade() -> None:
    run_file("0006_data_versions_down.sql")
