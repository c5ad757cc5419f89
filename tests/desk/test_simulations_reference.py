"""MAG 17 along simulated paths: distributions of its classes, and what is left of them when nobody defaults."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from engine.deal.results import RISK_COLUMNS, TRANCHE_COLUMNS
from engine.desk.assumption_sets import to_json
from engine.desk.desk import Desk
from engine.desk.simulations.request import SimulationRequest
from engine.rating_migration.statistics import STATISTICS
from tests.desk.simulation_requests import figure, simulate

CENT = 0.005
ASKED = SimulationRequest(
    deals=("MAG 17",),
    n_simulations=256,
    seed=11,
    has_cash_flows=True,
    assumptions="illustrative",
    unrated_as="CCC-",
    accepts_matrix_error=True,
)


@pytest.fixture
def mag_desk(desk: Desk, reference: Path) -> Desk:
    """A desk that imported the recorded workbook."""
    desk.import_workbook(reference / "data" / "legacy" / "legacy_workbook.xlsx")
    return desk


def test_mag17_is_simulated_and_without_defaults_it_is_one_run(mag_desk: Desk) -> None:
    """Every path reaches its end, junior classes lose most; without defaults every path is the run with a CDR of 0."""
    record = simulate(mag_desk, ASKED).records[0]
    calm = simulate(mag_desk, ASKED, default_scale=0.0, n_simulations=128).records[0]
    base = mag_desk.documents.assumption_set("illustrative")
    calmest = replace(base, name="calm", rows=tuple(replace(row, cdr=0.0) for row in base.rows))
    mag_desk.documents.store_assumption_set(to_json(calmest), "calm")
    single = mag_desk.run_deal("MAG 17", assumptions="calm").result
    tranches, certain = record.tranches, calm.tranches
    assert tranches is not None
    assert certain is not None

    assert not [remark for remark in record.remarks if "stopped" in remark]
    debt = [c for c, is_equity in enumerate(tranches.is_equity) if not is_equity]
    shares = (tranches.expected_loss / tranches.balance)[debt]
    assert np.all(np.diff(shares) >= 0.0)
    assert figure(record, "BALDEF")[-1] > 0.0
    assert figure(calm, "NUMPERDEF", "maximum").max() == 0.0
    paid = dict(zip(TRANCHE_COLUMNS, single.tranches.sum(axis=0).T, strict=True))
    for metric, expected in (
        ("Interest paid", paid["interest_paid"] + paid["deferred_interest_paid"] + paid["deferred_principal_paid"]),
        ("Principal paid", paid["principal_paid"]),
    ):
        figures = certain.figures[:, certain.metrics.index(metric)]
        for statistic in ("minimum", "maximum"):
            np.testing.assert_allclose(figures[:, STATISTICS.index(statistic)], expected, atol=CENT)
    for metric, column in (("Yield at price", "yield_at_price"), ("Average life", "wal")):
        figures = certain.figures[:, certain.metrics.index(metric), STATISTICS.index("maximum")]
        np.testing.assert_allclose(figures, single.risk[:, RISK_COLUMNS.index(column)], rtol=1e-9)
