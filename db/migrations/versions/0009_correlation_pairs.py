"""Correlations pair by pair, beside the matrix in one piece, and matrices that come without a workbook."""

from db.bulk import DoubleColumn, SameColumn, TextColumn, copy_in
from db.matrices import pairs_of, unpack_matrix
from db.migrations.statements import migrating_driver, run_file

revision = "0009"
down_revision = "0008"


def upgrade() -> None:
    run_file("0009_correlation_pairs_up.sql")
    _fill_pairs()


def downgrade() -> None:
    run_file("0009_correlation_pairs_down.sql")


def _fill_pairs() -> None:
    """Pairs of the matrices stored so far, one matrix in memory at a time."""
    driver = migrating_driver()
    for (content_hash,) in driver.execute("SELECT content_hash FROM asset_correlations").fetchall():
        with driver.cursor(binary=True) as cursor:
            ids, data = cursor.execute(
                "SELECT asset_ids, lower_triangle FROM asset_correlations WHERE content_hash = %s", [content_hash]
            ).fetchall()[0]
        pairs = pairs_of(ids, unpack_matrix(data, len(ids)))
        columns = (
            SameColumn("content_hash", content_hash),
            TextColumn("asset_1", pairs.ids, pairs.first),
            TextColumn("asset_2", pairs.ids, pairs.second),
            DoubleColumn("correlation", pairs.correlations),
        )
        copy_in(driver, "asset_correlation_pairs", columns, len(pairs.correlations))
