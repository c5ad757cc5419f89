"""Results of scenario grids and break-even searches."""

from db.migrations.statements import run_file

revision = "0010"
down_revision = "0009"


def upgrade() -> None:
    run_file("0010_scenario_grids_up.sql")


def downgrade() -> None:
    run_file("0010_scenario_grids_down.sql")
